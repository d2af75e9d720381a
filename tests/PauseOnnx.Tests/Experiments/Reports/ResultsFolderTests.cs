using NUnit.Framework;
using PauseOnnx.Experiments;
using PauseOnnx.Experiments.Reports;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Experiments.Reports;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ResultsFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Read_Experiment_HasItsTextsAndCells()
    {
        FakeResults.WriteExperiment(_folder.Root);
        var results = ResultsFolder.Read(_folder.Root);
        Assert.That((results.Name, results.Cells.Count, results.Missing.Count), Is.EqualTo(("luhn", 66, 0)));
        Assert.That(results.Description, Does.StartWith("Four variants"));
        string[] variants = [.. ExperimentFile.Read(_folder["experiment.json"], _folder.Root).Variants.Select(v => v.Name)];
        Assert.That(results.Cells.Select(c => c.Variant).Distinct(), Is.EqualTo(variants));
        Assert.That(variants, Is.Not.Ordered, "the order of names would pass");
    }

    [Test]
    public void Read_ResultsAlone_TakesTheNameFromThem()
    {
        Write(FakeResults.Cell("StdPT_StdFT", "0", 0, 0, (0, 0.1)));
        var results = ResultsFolder.Read(_folder.Root);
        Assert.That((results.Name, results.Description), Is.EqualTo(("trial", (string?)null)));
    }

    [Test]
    public void Read_UnfinishedExperiment_NamesTheFilesThatItLacks()
    {
        FakeResults.WriteExperiment(_folder.Root);
        File.Delete(_folder["results/8_layers-luhn-ft0-s2.json"]);
        foreach (var seed in Enumerable.Range(0, 3))
        {
            File.Delete(_folder[$"results/prepended-squad-ft6..30-s{seed}.json"]);
        }

        Assert.That(ResultsFolder.Read(_folder.Root).Missing, Is.EqualTo(new[]
        {
            "results/8_layers-luhn-ft0-s2.json",
            "results/prepended-squad-ft6..30-s0.json", "results/prepended-squad-ft6..30-s1.json", "results/prepended-squad-ft6..30-s2.json",
        }));
    }

    [Test]
    public void Read_BrokenExperiment_NamesItsFile()
    {
        Write(FakeResults.Cell("StdPT_StdFT", "0", 0, 0, (0, 0.1)));
        File.WriteAllText(_folder["experiment.json"], """{"name": "trial"}""");
        Assert.That(() => ResultsFolder.Read(_folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.Contains("experiment.json"));
    }

    [Test]
    public void Read_ResultsAloneWithoutASeed_NamesItsFile()
    {
        Write(FakeResults.Cell("StdPT_StdFT", "0", 0, 0, (0, 0.1)));
        Write(FakeResults.Cell("StdPT_StdFT", "0", 1, 0, (0, 0.1)));
        Write(FakeResults.Cell("filler", "0", 1, 0, (5, 0.1)));
        Assert.That(ResultsFolder.Read(_folder.Root).Missing, Is.EqualTo(new[] { "results/filler-luhn-ft0-s0.json" }));
    }

    [Test]
    public void Read_FaultyResults_NamesAllOfThem()
    {
        Write(FakeResults.Cell("StdPT_StdFT", "0", 0, 0, (0, 0.1)));
        File.WriteAllText(_folder["results/half.json"], "{\"id\":");
        Write(FakeResults.Cell("a\tb", "0", 0, 0, (0, 0.1)) with { Id = "odd" });
        Write(FakeResults.Cell("StdPT_StdFT", "0", 0, 0) with { Id = "empty" });

        Assert.That(() => ResultsFolder.Read(_folder.Root), Throws.TypeOf<ModelFormatException>()
            .With.Message.Contains("half.json").And.Message.Contains("odd.json").And.Message.Contains("empty.json").And.Message.Contains("Delete"));
    }

    [TestCase("")]
    [TestCase("nowhere")]
    public void Read_NoResults_SaysWhatIsExpected(string name) =>
        Assert.That(() => ResultsFolder.Read(_folder[name]), Throws.TypeOf<IOException>().With.Message.Contains("results/*.json").And.Message.Contains("pauseonnx experiment"));

    private void Write(CellResult cell) => cell.Write(_folder[$"results/{cell.Id}.json"]);
}
