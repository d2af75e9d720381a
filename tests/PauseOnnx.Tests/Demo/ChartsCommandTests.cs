using NUnit.Framework;
using PauseOnnx.Demo;
using PauseOnnx.Tests.Support;
using SkiaSharp;

namespace PauseOnnx.Tests.Demo;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ChartsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Charts_Results_PrintsTablesAndDrawsBothCharts()
    {
        DemoResults.Write(_folder["results"]);
        var run = await RunAsync("--results", _folder["results"], "--out", _folder["new"]);
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        Assert.That(run.Output, Does.Match("(?m)^StdPT_StdFT +9.0 % +0").And.Match("(?m)^  7    60.0 %"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder["new"]).Select(Path.GetFileName), Is.EquivalentTo(new[] { "variants.png", "slope.png" }));
        using var variants = SKBitmap.Decode(_folder["new/variants.png"]);
        using var slope = SKBitmap.Decode(_folder["new/slope.png"]);
        Assert.That((variants.Width, variants.Height), Is.EqualTo((Charts.Width, Charts.Height)));
        Assert.That((slope.Width, slope.Height), Is.EqualTo((Charts.Width, Charts.Height)));
        Assert.That(Share(variants, "#0072B2"), Is.InRange(0.05, 0.5), "two long bars");
        Assert.That(Share(variants, "#E69F00"), Is.InRange(0.005, 0.05), "three short bars");
        Assert.That(Share(slope, "#0072B2"), Is.InRange(0.001, 0.05), "a curve");
    }

    [Test]
    public async Task Charts_NoSeveralPauseCounts_DrawsOneChart()
    {
        DemoResults.Create("a", "StdPT_StdFT", null, new PauseOnnx.Tasks.PauseAccuracy(0, 1, 2)).Write(_folder["results/a.json"]);
        var run = await RunAsync("--results", _folder["results"], "--out", _folder["new"]);
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        Assert.That(Directory.EnumerateFileSystemEntries(_folder["new"]).Select(Path.GetFileName), Is.EqualTo(new[] { "variants.png" }));
    }

    [Test]
    public async Task Charts_NoResults_FailsInOneLine()
    {
        Directory.CreateDirectory(_folder["results"]);
        var run = await RunAsync("--results", _folder["results"], "--out", _folder["new"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.StartWith("error: ").And.Contain("holds no .json file"));
        Assert.That(_folder["new"], Does.Not.Exist);
    }

    [Test]
    public async Task Charts_BrokenResult_NamesTheFile()
    {
        Directory.CreateDirectory(_folder["results"]);
        File.WriteAllText(_folder["results/broken.json"], "{");
        var run = await RunAsync("--results", _folder["results"], "--out", _folder["new"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.Contain("Not valid JSON").And.Contain("broken.json"));
    }

    [Test]
    public async Task Charts_Help_ShowsExamples() =>
        Assert.That((await RunAsync("--help")).Output, Does.Contain("Examples:").And.Contain("pauseonnx-demo charts --results"));

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(Program.Main, ["charts", .. arguments]);

    private static double Share(SKBitmap image, string colour) => image.Pixels.Count(p => p == SKColor.Parse(colour)) / (double)image.Pixels.Length;
}
