using System.Text;
using System.Text.Json;
using NUnit.Framework;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class TrainingLogTests
{
    [Test]
    public void Write_Steps_GivesLinesEventsAndAPicture()
    {
        using var folder = new TemporaryFolder();
        Log(folder, from: 0, to: 5, heldOutAt: 4);
        var lines = File.ReadLines(folder["run-log/metrics.jsonl"]).Select(l => JsonSerializer.Deserialize<Dictionary<string, double>>(l)!).ToArray();
        Assert.That(lines.Where(l => l.ContainsKey("loss")).Select(l => (l["step"], l["loss"], l["learning_rate"], l["gradient_norm"], l["tokens_per_second"])),
            Is.EqualTo(Enumerable.Range(1, 5).Select(s => ((double)s, 1.0 / s, 0.1, 2.0, 300.0))));
        Assert.That(lines.Single(l => l.ContainsKey("held_out_loss")), Is.EquivalentTo(new Dictionary<string, double> { ["step"] = 4, ["held_out_loss"] = 0.5 }));

        // TensorBoard's own format: the names of the curves stand in it as text.
        var events = Directory.EnumerateFiles(folder["run-log/tensorboard"], "*tfevents*").Select(File.ReadAllBytes).Single();
        Assert.That(Encoding.Latin1.GetString(events), Does.Contain("brain.Event:2").And.Contain("loss").And.Contain("held_out_loss").And.Contain("tokens_per_second"));
        Assert.That(File.ReadAllBytes(folder["run-log/curve.png"])[..4], Is.EqualTo([0x89, (byte)'P', (byte)'N', (byte)'G']));
    }

    [Test]
    public void Open_ResumedRun_KeepsTheLinesUpToItsStep()
    {
        using var folder = new TemporaryFolder();
        Log(folder, from: 0, to: 6, heldOutAt: 5);
        File.AppendAllText(folder["run-log/metrics.jsonl"], "{\"step\":7,\"los");
        Log(folder, from: 4, to: 6, heldOutAt: 6);
        var steps = File.ReadLines(folder["run-log/metrics.jsonl"]).Select(l => JsonSerializer.Deserialize<Dictionary<string, double>>(l)!).Where(l => l.ContainsKey("loss")).Select(l => l["step"]);
        Assert.That(steps, Is.EqualTo([1, 2, 3, 4, 5, 6]));
    }

    [Test]
    public void Open_NewRun_BeginsAnew()
    {
        using var folder = new TemporaryFolder();
        Log(folder, from: 0, to: 6, heldOutAt: 5);
        Log(folder, from: 0, to: 2, heldOutAt: 2);
        Assert.That(File.ReadLines(folder["run-log/metrics.jsonl"]).Count(), Is.EqualTo(3));
        Assert.That(Directory.EnumerateFiles(folder["run-log/tensorboard"], "*tfevents*").Count(), Is.EqualTo(1));
    }

    private static void Log(TemporaryFolder folder, int from, int to, int heldOutAt)
    {
        using var log = new TrainingLog(folder["run"], from);
        for (var step = from + 1; step <= to; step++)
        {
            log.Write(new TrainingProgress(step, 1.0 / step, 1.0 / step, 0.1, 2, 300));
            if (step == heldOutAt)
            {
                log.WriteHeldOut(step, 0.5);
            }
        }

        log.Draw();
    }
}
