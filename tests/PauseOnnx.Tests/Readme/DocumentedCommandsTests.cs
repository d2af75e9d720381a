using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Readme;

/// <summary>The programs accept every command that README.md, the tool's package and the help texts show. Nothing is run.</summary>
public partial class DocumentedCommandsTests
{
    private static readonly Dictionary<string, RootCommand> Programs = new()
    {
        ["pauseonnx"] = PauseOnnx.Cli.Program.CreateRoot(),
        ["pauseonnx-train"] = PauseOnnx.Trainer.Program.CreateRoot(),
    };

    // Options of other programs that README.md speaks of.
    private static readonly string[] Foreign =
    [
        "--allow-run-as-root", "--bind-to", "--checkpoint", "--corpus", "--cpus-per-task", "--help", "--hostfile", "--ignore-scripts",
        "--kill-on-bad-exit", "--map-by", "--mca", "--mpi", "--ntasks", "--out", "--target", "--verbose",
    ];

    private static string Readme { get; } = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");

    private static IEnumerable<TestCaseData> ReadmeCommands => CommandsIn(Readme);

    private static IEnumerable<TestCaseData> ToolReadmeCommands => CommandsIn(File.ReadAllText(Path.Combine(Repository.Root, "tools/PauseOnnx.Cli/README.md")).ReplaceLineEndings("\n"));

    private static IEnumerable<TestCaseData> HelpCommands => CommandsIn(string.Join('\n', Programs.Values.SelectMany(p => p.Subcommands).Select(c => c.Description)));

    private static IEnumerable<string> ReadmeOptions => CodeSpan().Matches(Readme).SelectMany(span => LongOption().Matches(span.Value)).Select(m => m.Value).Distinct();

    [TestCaseSource(nameof(ReadmeCommands))]
    [TestCaseSource(nameof(ToolReadmeCommands))]
    [TestCaseSource(nameof(HelpCommands))]
    public void Command_Documented_IsAccepted(string program, string arguments)
    {
        var words = CommandLineParser.SplitCommandLine(arguments).ToList();
        Assert.That(Programs[program].Parse(words).Errors.Select(e => e.Message), Is.Empty);
        if (words.IndexOf("--recipe") is >= 0 and var option && !words[option + 1].EndsWith(".json", StringComparison.Ordinal))
        {
            Assert.That(RecipeFile.Shipped, Does.Contain(words[option + 1]));
        }
    }

    [TestCaseSource(nameof(ReadmeOptions))]
    public void Option_InAReadmeSentence_Exists(string option) =>
        Assert.That(Programs.Values.SelectMany(p => p.Subcommands).SelectMany(c => c.Options).Select(o => o.Name).Concat(Foreign), Does.Contain(option));

    [Test]
    public void Readme_Commands_CoverEveryVerb() =>
        Assert.That(
            ReadmeCommands.Select(c => $"{c.Arguments[0]} {$"{c.Arguments[1]}".Split(' ')[0]}"),
            Is.SupersetOf(Programs.SelectMany(p => p.Value.Subcommands.Select(c => $"{p.Key} {c.Name}"))));

    [Test]
    public void Readme_Recipes_AreAllNamed() => Assert.That(RecipeFile.Shipped.Where(name => !Readme.Contains($"`{name}`", StringComparison.Ordinal)), Is.Empty);

    [Test]
    public void Readme_JsonLines_AreExamples()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["e.jsonl"], JsonLines().Match(Readme).Groups["lines"].Value);
        Assert.That(ExampleFile.Read(folder["e.jsonl"]).ToList(), Has.Count.GreaterThan(1));
    }

    private static IEnumerable<TestCaseData> CommandsIn(string text) =>
        CommandLine().Matches(text.Replace("\\\n", "", StringComparison.Ordinal)).Select(m => new TestCaseData(m.Groups["program"].Value, m.Groups["arguments"].Value));

    // On a line of its own, behind a launcher or not, by name or by path.
    [GeneratedRegex(@"^ *(?:(?:mpirun|srun) .*?)?(?:dotnet \S*/)?(?<![\w-])(?<program>pauseonnx(?:-train)?)(?:\.dll)? (?<arguments>[a-z][^#\n]*?) *(?:#.*)?$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"`[^`\n]+`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex LongOption();

    [GeneratedRegex(@"```json\n(?<lines>\{""prefix"".*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonLines();
}
