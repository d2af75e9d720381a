using System.Text.RegularExpressions;
using NUnit.Framework;
using PauseOnnx.CommandLine;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

/// <summary>Training with several real processes under <c>mpirun</c>.</summary>
[NonParallelizable]
[Category("Mpi")]
public class DataParallelTests
{
    // Both sum the same gradients, but two ranks add up halves of the batch that one process adds up row by row, so the last
    // bits differ; Adam then divides by roots of second moments near zero, which makes much of them.
    private const double Tolerance = 2e-5;

    [SetUp]
    public void NeedMpi() => Mpi.IgnoreUnlessInstalled();

    [Test]
    public async Task Pretrain_TwoRanksWithHalfTheBatch_EqualOneProcessWithTheWhole()
    {
        using var folder = new TemporaryFolder();
        var arguments = Pretrain(folder, "one", "--steps", "8");
        Assert.That((await CommandRun.OfAsync(PauseOnnx.Trainer.Program.Main, [.. arguments, "--device", "cpu", "--threads", "1"])).ExitCode, Is.Zero);
        using var two = Mpi.Start(2, Pretrain(folder, "two", "--steps", "8"));
        Assert.That(two.WaitForExit(), Is.Zero, two.Errors);
        Assert.That(Regex.Count(two.Output, "pretrain 8/8 loss"), Is.EqualTo(1), "rank 0 alone prints");
        Assert.That(Regex.Count(two.Output, "wrote "), Is.EqualTo(1));
        var (expected, found) = (Weights(folder["one"]), Weights(folder["two"]));
        Assert.That(found.Zip(expected, (f, e) => Math.Abs(f - e)).Max(), Is.LessThan(Tolerance));
        Assert.That(Checkpoint.FindState(folder["two"])!.Loss, Is.EqualTo(Checkpoint.FindState(folder["one"])!.Loss).Within(Tolerance));
    }

    [Test]
    public async Task Pretrain_CtrlC_SavesAndAnotherNumberOfRanksGoesOn()
    {
        using var folder = new TemporaryFolder();
        var arguments = Pretrain(folder, "out", "--steps", "10000000");
        using var two = Mpi.Start(2, arguments);
        two.WaitForOutput("10000000 steps");
        Thread.Sleep(500);
        two.Interrupt();
        Assert.That(two.WaitForExit(), Is.Not.Zero);
        Assert.That(two.Output + two.Errors, Does.Contain("Run the same command with --resume to go on."));
        var stopped = Checkpoint.FindState(folder["out"])!;
        Assert.That(stopped.IsPartial);

        string[] resumed = [.. arguments, "--resume", "--time-limit", "1s"];
        var one = await CommandRun.OfAsync(PauseOnnx.Trainer.Program.Main, [.. resumed, "--device", "cpu", "--threads", "1"]);
        Assert.That(one.ExitCode, Is.Zero, one.Errors);
        var alone = Checkpoint.FindState(folder["out"])!;
        Assert.That(alone.Step, Is.GreaterThan(stopped.Step));

        using var three = Mpi.Start(3, resumed);
        Assert.That(three.WaitForExit(), Is.Zero, three.Errors);
        Assert.That(Checkpoint.FindState(folder["out"])!.Step, Is.GreaterThan(alone.Step));
    }

    [Test]
    public void Pretrain_RankKilled_EndsTheOthersWithALine()
    {
        using var folder = new TemporaryFolder();
        using var two = Mpi.Start(2, Pretrain(folder, "out", "--steps", "10000000"));
        two.WaitForOutput("10000000 steps");
        var ranks = File.ReadAllText($"/proc/{two.Id}/task/{two.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(ranks, Has.Length.EqualTo(2));
        using var lost = System.Diagnostics.Process.GetProcessById(int.Parse(ranks[1]));
        lost.Kill();
        Assert.That(two.WaitForExit(), Is.EqualTo(137));
        Assert.That(two.Errors + two.Output, Does.Contain("exited on signal 9 (Killed)"));
        // Gone, or dead and not yet collected by the system.
        var other = $"/proc/{ranks[0]}/stat";
        Assert.That(() => !File.Exists(other) || File.ReadAllText(other).Contains(") Z "), Is.True.After(10_000, 50), "the other rank has ended");
    }

    [Test]
    public async Task Pretrain_FaultOfEveryRank_IsToldOnce()
    {
        using var folder = new TemporaryFolder();
        var shipped = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "recipes", "tiny.json"));
        await File.WriteAllTextAsync(folder["hot.json"], shipped.Replace("1e-3", "1e30", StringComparison.Ordinal));
        var arguments = Pretrain(folder, "out", "--steps", "20");
        arguments[2] = folder["hot.json"];
        using var two = Mpi.Start(2, arguments);
        Assert.That(two.WaitForExit(), Is.EqualTo(CommandHost.Failure));
        Assert.That(Regex.Matches(two.Errors, "error: .*").Select(m => m.Value), Has.One.Items.And.One.Match("^error: rank 0 of 2: At step [23] .*The other ranks are ended\\.$"));
        Assert.That(Directory.Exists(folder["out"]), Is.False);
    }

    [Test]
    public void Pretrain_LauncherOfAnotherMpi_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var alone = ProgramProcess.StartProcess(
            "env", ["PMI_SIZE=2", "dotnet", Path.Combine(AppContext.BaseDirectory, "pauseonnx-train.dll"), .. Pretrain(folder, "out", "--steps", "1")]);
        Assert.That(alone.WaitForExit(), Is.EqualTo(CommandHost.Failure));
        Assert.That(alone.Errors.Trim(), Does.StartWith("error: the launcher started 2 processes but Open MPI joined 1; expected the same.").And.Not.Contain("\n"));
    }

    private static string[] Pretrain(TemporaryFolder folder, string output, params string[] more)
    {
        var data = Directory.Exists(folder["data"]) ? folder["data"] : TinyModels.WriteExamples(folder["data"]);
        return ["pretrain", "--recipe", "tiny", "--data", data, "--out", folder[output], "--batch-size", "6", "--precision", "fp32", .. more];
    }

    private static float[] Weights(string checkpoint)
    {
        using var model = Checkpoint.LoadModel(checkpoint);
        return model.Parameters.Values.Span<float>(0, checked((int)model.Parameters.Count)).ToArray();
    }
}
