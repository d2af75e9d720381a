using System.Buffers.Binary;
using NUnit.Framework;
using PauseOnnx.Demo;
using PauseOnnx.Model;
using PauseOnnx.Tasks;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Demo;

public class DemoTests
{
    private static readonly EvalResult Slope = Result("PausePT_PauseFT_random_M", "PausePT_PauseFT", 15, (0, 10), (4, 15), (15, 96));

    private static readonly EvalResult[] All =
    [
        Result("StdPT_StdFT", "StdPT_StdFT", 0, (0, 11)),
        Slope,
        Result("PausePT_PauseFT", "PausePT_PauseFT", 15, (15, 99)),
    ];

    [Test]
    public void Variants_ResultsInAnyOrder_AreOneRowEachInThePapersOrder()
    {
        using var folder = new TemporaryFolder();
        foreach (var result in All)
        {
            result.Write(folder[$"{result.Name}.json"]);
        }

        Assert.That(ResultTables.Variants(EvalResults.Read(folder.Root)), Is.EqualTo(new[]
        {
            "variant                   accuracy    M",
            "PausePT_PauseFT             99.0 %   15",
            "StdPT_StdFT                 11.0 %    0",
            "PausePT_PauseFT_random_M    96.0 %   15",
        }));
    }

    [Test]
    public void Slope_OfLuhn_StandsBesideTheRule() => Assert.That(ResultTables.Slope(Slope), Is.EqualTo(new[]
    {
        "PausePT_PauseFT_random_M, by number of pauses at inference",
        "  M  accuracy      rule",
        "  0    10.0 %    10.0 %",
        "  4    15.0 %    10.6 %",
        " 15    96.0 %   100.0 %",
        "rule: M pauses check the multiples of ten up to 10 M, otherwise guess; nothing fitted.",
    }));

    // The prediction that was compared with measured curves before this program existed.
    [TestCase(4, 0.11)]
    [TestCase(6, 0.34)]
    [TestCase(8, 0.89)]
    [TestCase(15, 1.0)]
    public void LuhnRule_SomePauses_PredictsTheShareOfSmallSums(int pauses, double expected) =>
        Assert.That(LuhnRule.Accuracy(pauses), Is.EqualTo(expected).Within(pauses == 8 ? 0.02 : 0.01));

    [Test]
    public void Charts_OfResults_ArePngFilesOfTheSizeStated()
    {
        using var folder = new TemporaryFolder();
        Charts.DrawVariants(All, folder["variants.png"]);
        Charts.DrawSlope([Slope], folder["slope.png"]);

        foreach (var name in new[] { "variants.png", "slope.png" })
        {
            var bytes = File.ReadAllBytes(folder[name]);
            Assert.Multiple(() =>
            {
                Assert.That(bytes[..8], Is.EqualTo(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10 }));
                Assert.That(BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)), Is.EqualTo(Charts.Width));
                Assert.That(BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20)), Is.EqualTo(Charts.Height));
            });
        }
    }

    [Test]
    public void Read_ResultWithFaults_ListsThem()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x.json"], """{"name": "x", "model": 3, "data": "d", "pause_training": "t", "pause_count": 1, "results": [{"pause_count": 1, "correct": 5, "total": 4}]}""");

        Assert.That(() => EvalResults.Read(folder.Root), Throws.TypeOf<ModelFormatException>()
            .With.Message.Contains("'model' is 3").And.Message.Contains("'results[0].correct' is 5"));
    }

    [Test]
    public void Read_FolderWithoutResults_SaysWhatIsExpected()
    {
        using var folder = new TemporaryFolder();

        Assert.That(() => EvalResults.Read(folder.Root), Throws.InstanceOf<IOException>().With.Message.Contains("eval --json"));
    }

    private static EvalResult Result(string name, string training, int own, params (int Count, int Correct)[] results) => new()
    {
        Name = name,
        Model = name,
        Data = "data",
        Task = "luhn",
        PauseTraining = training,
        PauseCount = own,
        Results = [.. results.Select(r => new PauseAccuracy(r.Count, r.Correct, 100))],
    };
}
