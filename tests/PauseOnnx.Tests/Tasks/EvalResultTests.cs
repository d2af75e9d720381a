using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tasks;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Tasks;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class EvalResultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("luhn")]
    [TestCase(null)]
    public void Write_ThenRead_GivesTheSameResult(string? task)
    {
        var written = Result(15, new(0, 3, 40), new(15, 39, 40)) with { Task = task };
        written.Write(_folder["new/result.json"]);
        var read = EvalResult.Read(_folder["new/result.json"]);
        Assert.That(read with { Results = [] }, Is.EqualTo(written with { Results = [] }));
        Assert.That(read.Results, Is.EqualTo(written.Results));
        Assert.That(read.Results[1].Accuracy, Is.EqualTo(0.975));
    }

    [TestCase(0, ExpectedResult = 0)]
    [TestCase(15, ExpectedResult = 15)]
    [TestCase(12, ExpectedResult = 30, Description = "not tried: the largest that was")]
    public int Own_IsTheAccuracyWithTheModelsOwnPauses(int pauseCount) =>
        Result(pauseCount, new(0, 3, 40), new(15, 39, 40), new(30, 38, 40)).Own.PauseCount;

    [Test]
    public void Read_BadFile_ListsEveryFault()
    {
        File.WriteAllText(_folder["bad.json"], """
            { "name": "a", "data": 3, "pause_training": "StdPT", "pause_count": -1, "results": [5, { "pause_count": 0, "correct": 9, "total": 8 }] }
            """);
        Assert.That(() => EvalResult.Read(_folder["bad.json"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains("'model' is missing")
            .And.Message.Contains("'data' is 3").And.Message.Contains("'pause_count' is -1").And.Message.Contains("'results[0]' is")
            .And.Message.Contains("'results[1].correct' is 9; expected an integer from 0 to 8").And.Message.Contains("bad.json"));
    }

    [TestCase("""{ "results": [] }""")]
    [TestCase("""{ "results": 7 }""")]
    [TestCase("{}")]
    public void Read_NoResults_SaysWhatIsExpected(string json)
    {
        File.WriteAllText(_folder["bad.json"], json);
        Assert.That(() => EvalResult.Read(_folder["bad.json"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains("'results' is missing or empty"));
    }

    private static EvalResult Result(int pauseCount, params PauseAccuracy[] results) => new()
    {
        Name = "PausePT_PauseFT",
        Model = "models/PausePT_PauseFT",
        Data = "data",
        PauseTraining = "PausePT_PauseFT",
        PauseCount = pauseCount,
        Results = results,
    };
}
