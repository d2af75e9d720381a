using System.Security.Cryptography;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

/// <summary>Training as a process that is killed without warning, or finds the disk full.</summary>
[Parallelizable]
public class SurvivalTests
{
    private const int Kills = 20;
    private const string Steps = "900";
    private static readonly string[] Compared = [FileNames.Weights, "trainer/optimizer.safetensors", FileNames.Config];

    [Test]
    public async Task Pretrain_KilledAtRandomMomentsAndResumed_EndsWithTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        var data = TinyModels.WriteExamples(folder["data"]);
        var shipped = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "recipes", "tiny.json"));
        await File.WriteAllTextAsync(folder["tiny.json"], shipped.Replace("\"pause\": \"insert\",", "\"pause\": \"insert\", \"dropout\": 0.1, \"micro_batch_size\": 3,", StringComparison.Ordinal));
        ProgramProcess Start(string output, params string[] more) => ProgramProcess.Start(
            "pauseonnx-train", ["pretrain", "--recipe", folder["tiny.json"], "--data", data, "--out", folder[output], "--steps", Steps, "--eval-every", "100", .. more]);
        using (var whole = Start("whole"))
        {
            Assert.That(whole.WaitForExit(), Is.Zero, whole.Errors);
        }

        var (random, kills, round) = (new Random(7), 0, 0);
        while (kills < Kills)
        {
            var output = $"killed{round++}";
            while (!IsComplete(folder[output]))
            {
                string[] resume = Checkpoint.FindState(folder[output]) is null ? [] : ["--resume"];
                using var run = Start(output, ["--save-every", "20", .. resume]);
                run.WaitForOutput(" steps of ");
                if (kills < Kills)
                {
                    Thread.Sleep(random.Next(700));
                    kills++;
                }
                else
                {
                    Assert.That(run.WaitForExit(), Is.Zero, run.Errors);
                }
            }

            Assert.That(Hashes(folder[output]), Is.EqualTo(Hashes(folder["whole"])));
            Assert.That(Directory.EnumerateDirectories(folder.Root, ".killed*"), Is.Empty, "nothing is left beside the checkpoint");
            var steps = File.ReadLines(Path.Combine(TrainingLog.FolderOf(folder[output]), TrainingLog.MetricsFile)).Where(line => line.Contains("\"loss\"", StringComparison.Ordinal));
            Assert.That(steps.Count(), Is.EqualTo(int.Parse(Steps, null)), "each step is logged once");
        }
    }

    [Test]
    public void Pretrain_NoRoomForTheLog_GoesOnWithoutIt()
    {
        using var folder = new TemporaryFolder();
        var data = TinyModels.WriteExamples(folder["data"]);

        // Files of more than 50 blocks of 1,024 bytes cannot be written: the checkpoint's have 40 kB, the metrics of 900 steps more.
        using var run = ProgramProcess.StartAfter(
            "ulimit -f 50; trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0", "pauseonnx-train",
            "pretrain", "--recipe", "tiny", "--data", data, "--out", folder["out"], "--steps", Steps, "--save-every", "100");
        Assert.That(run.WaitForExit(), Is.Zero, run.Errors);
        Assert.That(run.Errors.Trim(), Does.Match("^warning: the log in '.*out-log' ends here: [^\n]* Training goes on\\.$"));
        Assert.That(IsComplete(folder["out"]), Is.True);
    }

    [Test]
    public void Pretrain_NoRoomForACheckpoint_GoesOnAndKeepsTheLastGoodOne()
    {
        using var folder = new TemporaryFolder();
        var data = TinyModels.WriteExamples(folder["data"]);
        using (var first = ProgramProcess.Start("pauseonnx-train", "pretrain", "--recipe", "tiny", "--data", data, "--out", folder["out"], "--steps", Steps, "--save-every", "100"))
        {
            first.WaitForOutput(" steps of ");
            Thread.Sleep(300);
            first.Interrupt();
            first.WaitForExit();
        }

        Assume.That(Checkpoint.FindState(folder["out"]), Is.Not.Null);
        var before = Checkpoint.FindState(folder["out"])!.Step;
        using var run = ProgramProcess.StartAfter(
            "ulimit -f 20; trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0", "pauseonnx-train",
            "pretrain", "--recipe", "tiny", "--data", data, "--out", folder["out"], "--steps", Steps, "--save-every", "50", "--resume");
        run.WaitForErrors("make room for the checkpoint");
        Assert.That(run.Errors, Does.Contain($"Training goes on; '{folder["out"]}' holds step {before}"));
        run.Interrupt();
        Assert.That(run.WaitForExit(), Is.EqualTo(1));
        Assert.That(Checkpoint.FindState(folder["out"])!.Step, Is.EqualTo(before));
        Checkpoint.LoadModel(folder["out"]).Dispose();
    }

    private static bool IsComplete(string folder) => Checkpoint.FindState(folder) is { IsPartial: false };

    private static string[] Hashes(string folder) => [.. Compared.Select(file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, file)))))];
}
