// The whole job from one place:  dotnet cake --target=Export   (README.md explains the arguments)
using System.Xml.Linq;

var target = Argument("target", "Export");
var configuration = Argument("configuration", "Release");
var corpus = Argument<string>("corpus", null);
var checkpoint = Argument<string>("checkpoint", null);
var name = checkpoint is not null ? System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(checkpoint)) : corpus is not null ? "corpus" : "luhn";
var data = $"artifacts/data/{name}";
var trained = checkpoint ?? $"artifacts/checkpoints/{name}";
var model = Argument("out", $"artifacts/models/{name}");
string testSummary = null;

string Program(string project, string program) => $"artifacts/bin/{project}/{configuration.ToLowerInvariant()}/{program}.dll";

void Run(string program, IEnumerable<string> arguments)
{
    Information("\n> {0} {1}", System.IO.Path.GetFileNameWithoutExtension(program), string.Join(' ', arguments));
    var command = arguments.Aggregate(new ProcessArgumentBuilder().AppendQuoted(program), (builder, argument) => builder.AppendQuoted(argument));
    var exitCode = StartProcess("dotnet", new ProcessSettings { Arguments = command });
    if (exitCode != 0)
    {
        throw new CakeException(exitCode, $"{program} {arguments.First()} ended with exit code {exitCode}; its message is above.");
    }
}

void Trainer(params string[] arguments) => Run(Program("PauseOnnx.Trainer", "pauseonnx-train"), arguments);
void PauseOnnx(params string[] arguments) => Run(Program("PauseOnnx.Cli", "pauseonnx"), arguments);
void LuhnData() => PauseOnnx("task", "luhn", "--out", "artifacts/data/luhn");
void Pretrain(string to, params string[] more) =>
    Trainer(new[] { "pretrain", "--recipe", name, "--data", data, "--out", to }.Concat(more).ToArray());
void Finetune(string from, string to, params string[] more) =>
    Trainer(new[] { "finetune", "--recipe", name, "--data", data, "--checkpoint", from, "--out", to }.Concat(more).ToArray());

// Trained checkpoints and models under artifacts/ stay: they took longer to make than the build.
Task("Clean").Does(() => CleanDirectories(new[] { "artifacts/bin", "artifacts/obj", "artifacts/tests" }));

Task("Restore").Does(() => DotNetRestore("PauseOnnx.sln"));

Task("Build").IsDependentOn("Restore").Does(() =>
    DotNetBuild("PauseOnnx.sln", new DotNetBuildSettings { Configuration = configuration, NoRestore = true }));

Task("Format").IsDependentOn("Restore").Does(() => DotNetFormat("PauseOnnx.sln", new DotNetFormatSettings { NoRestore = true }));

Task("Node").Does(() =>
{
    if (Context.Tools.Resolve(new[] { "npm", "npm.cmd" }) is not { } npm)
    {
        Information("Node.js is not installed: the tests of JavaScript clients will be skipped.");
    }
    else if (StartProcess(npm, new ProcessSettings { Arguments = "ci --ignore-scripts --no-audit --no-fund", WorkingDirectory = "tests/node" }) != 0)
    {
        throw new CakeException("npm ci failed in tests/node; its message is above.");
    }
});

Task("Test").IsDependentOn("Build").IsDependentOn("Node").Does(() =>
{
    CleanDirectory("artifacts/tests");
    testSummary = "0 passed, 1 failed";
    try
    {
        DotNetTest("PauseOnnx.sln", new DotNetTestSettings
        {
            Configuration = configuration, NoBuild = true, ResultsDirectory = "artifacts/tests", Loggers = new[] { "trx;LogFileName=tests.trx" },
        });
    }
    finally
    {
        var results = XDocument.Load("artifacts/tests/tests.trx").Descendants().Where(e => e.Name.LocalName == "UnitTestResult")
            .ToLookup(e => (string)e.Attribute("outcome"));
        foreach (var skipped in results["NotExecuted"].GroupBy(e => e.Value.Trim()))
        {
            Information("skipped {0}, such as {1}: {2}", skipped.Count(), (string)skipped.First().Attribute("testName"), skipped.Key);
        }

        var (passed, skips, all) = (results["Passed"].Count(), results["NotExecuted"].Count(), results.Sum(r => r.Count()));
        testSummary = $"{passed} passed, {all - passed - skips} failed, {skips} skipped";
    }
});

Task("Train").IsDependentOn("Build").WithCriteria(checkpoint is null).Does(() =>
{
    if (corpus is not null)
    {
        Trainer("prepare", corpus, "--out", data);
    }
    else
    {
        LuhnData();
    }

    Pretrain($"{trained}-pretrained");
    Finetune($"{trained}-pretrained", trained);
});

Task("Export").IsDependentOn("Train").Does(() =>
{
    var reference = $"{trained}/reference.safetensors";
    if (!FileExists(reference))
    {
        reference = $"artifacts/references/{name}.safetensors";
        Trainer("reference", trained, "--out", reference);
    }

    PauseOnnx("export", trained, "--out", model, "--reference", reference);
    if (name == "luhn" && checkpoint is null)
    {
        PauseOnnx("eval", model, "--data", data);
    }

    var question = name == "luhn" ? "453201511283036=" : "Once upon a time";
    Console.WriteLine($"\nAsk it more:  dotnet {Program("PauseOnnx.Cli", "pauseonnx")} generate {model} \"{question}\"");
});

Task("Demo").IsDependentOn("Build").Does(() =>
{
    const string results = "artifacts/demo/results";
    CleanDirectory(results);
    LuhnData();
    Pretrain("artifacts/checkpoints/demo/PausePT");
    Pretrain("artifacts/checkpoints/demo/StdPT", "--pause", "none");
    foreach (var (variant, pauses) in new[]
    {
        ("PausePT_PauseFT", "15"), ("PausePT_StdFT", "0"), ("StdPT_StdFT", "0"), ("StdPT_PauseFT", "15"), ("PausePT_PauseFT_random_M", "6..30"),
    })
    {
        var (tuned, exported) = ($"artifacts/checkpoints/demo/{variant}", $"artifacts/models/demo/{variant}");
        var isSlope = pauses == "6..30";
        Finetune($"artifacts/checkpoints/demo/{variant.Split('_')[0]}", tuned, "--m-ft", pauses);
        PauseOnnx(new[] { "export", tuned, "--out", exported }.Concat(isSlope ? new[] { "--pause-count", "dynamic" } : Array.Empty<string>()).ToArray());
        PauseOnnx(new[] { "eval", exported, "--data", data, "--json", $"{results}/{variant}.json" }
            .Concat(isSlope ? new[] { "--pause-counts", "0,2,4..12,15,20,25,30" } : Array.Empty<string>()).ToArray());
    }

    Run(Program("PauseOnnx.Demo", "pauseonnx-demo"), new[] { "charts", "--results", results, "--out", "artifacts/demo" });
});

try
{
    RunTarget(target);
}
finally
{
    // After Cake's own report and without its colours, so that a reader and a build server find it on the last line.
    if (testSummary is not null)
    {
        Console.WriteLine(testSummary);
    }
}
