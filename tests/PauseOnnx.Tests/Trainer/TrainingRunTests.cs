using System.Text.Json;
using NUnit.Framework;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class TrainingRunTests
{
    private const int Steps = 40;

    [Test]
    public void Train_Cancelled_KeepsItsStepsAndResumesToTheSameWeights()
    {
        using var folder = new TemporaryFolder();
        Train(folder, "whole");
        Assert.That(
            () => Train(folder, "part", cancelAt: 20),
            Throws.TypeOf<CommandCancelledException>().With.Message.Match(@"^Stopped after step \d+ of 40; the checkpoint '.*part' holds them\. Run the same command with --resume to go on\.$"));
        var state = Checkpoint.FindState(folder["part"])!;
        Assert.That(state.IsPartial, Is.True);
        Assert.That(state.Step, Is.InRange(10, 20));

        Train(folder, "part", resume: true);
        Assert.That(Checkpoint.FindState(folder["part"])!.IsPartial, Is.False);
        Assert.That(File.ReadAllBytes(WeightsOf(folder, "part")), Is.EqualTo(File.ReadAllBytes(WeightsOf(folder, "whole"))));
    }

    [Test]
    public void Train_CancelledOverACompleteResult_LeavesIt()
    {
        using var folder = new TemporaryFolder();
        Train(folder, "out");
        var before = File.ReadAllBytes(WeightsOf(folder, "out"));
        Assert.That(() => Train(folder, "out", seed: 2, cancelAt: 20), Throws.TypeOf<CommandCancelledException>().With.Message.EndsWith("out' is as it was."));
        Assert.That(File.ReadAllBytes(WeightsOf(folder, "out")), Is.EqualTo(before));
    }

    [Test]
    public void Train_CancelledBeforeItsFirstStep_WritesNothing()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => Train(folder, "out", cancelAt: 0), Throws.TypeOf<CommandCancelledException>());
        Assert.That(Directory.Exists(folder["out"]), Is.False);
    }

    [Test]
    public void Resume_OtherSettings_IsRefusedAndSaysWhich()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => Train(folder, "out", cancelAt: 20), Throws.TypeOf<CommandCancelledException>());
        Assert.That(() => Train(folder, "out", seed: 2, resume: true), Throws.TypeOf<ModelFormatException>().With.Message.Contains("Seed = 1").And.Message.Contains("Seed = 2"));
    }

    [Test]
    public void Train_HeldOutLossRises_StopsEarlyAndKeepsTheBestCheckpoint()
    {
        using var folder = new TemporaryFolder();
        Train(folder, "out", learningRate: 0.5, monitor: new MonitorOptions { EvalEvery = 3, EarlyStop = 2 });
        var state = Checkpoint.FindState(folder["out"])!;
        var measured = File.ReadLines(Path.Combine(TrainingLog.FolderOf(folder["out"]), TrainingLog.MetricsFile))
            .Select(line => JsonSerializer.Deserialize<Dictionary<string, double>>(line)!).Where(line => line.ContainsKey("held_out_loss")).ToArray();
        var best = measured.MinBy(line => line["held_out_loss"])!;
        Assert.That((state.Step, state.BestHeldOutLoss, state.IsStoppedEarly, state.IsPartial), Is.EqualTo(((int)best["step"], best["held_out_loss"], true, false)));
        Assert.That(measured[^1]["step"], Is.EqualTo(best["step"] + 6).And.LessThan(Steps));
        Assert.That(Directory.Exists(folder["out-best"]), Is.False);
        using var kept = Checkpoint.LoadModel(folder["out"]);
        Assert.That(HeldOut(folder, kept).Measure(), Is.EqualTo(best["held_out_loss"]));
    }

    [Test]
    public void Train_CancelledWithEarlyStop_ResumesToTheSameWeights()
    {
        using var folder = new TemporaryFolder();
        var monitor = new MonitorOptions { EvalEvery = 3, EarlyStop = 2 };
        Train(folder, "whole", learningRate: 0.02, monitor: monitor);
        Assert.That(() => Train(folder, "part", learningRate: 0.02, cancelAt: 12, monitor: monitor), Throws.TypeOf<CommandCancelledException>());
        Train(folder, "part", learningRate: 0.02, resume: true, monitor: monitor);
        Assert.That(File.ReadAllBytes(WeightsOf(folder, "part")), Is.EqualTo(File.ReadAllBytes(WeightsOf(folder, "whole"))));
    }

    [Test]
    public void Train_TimeLimit_SavesAndResumes()
    {
        using var folder = new TemporaryFolder();
        Train(folder, "whole");
        Train(folder, "part", monitor: new MonitorOptions { TimeLimit = TimeSpan.FromTicks(1) });
        Assert.That(Checkpoint.FindState(folder["part"])!.Step, Is.EqualTo(1));
        Train(folder, "part", resume: true);
        Assert.That(File.ReadAllBytes(WeightsOf(folder, "part")), Is.EqualTo(File.ReadAllBytes(WeightsOf(folder, "whole"))));
    }

    [Test]
    public void CheckTarget_PartsOverACompleteResult_AreRefused()
    {
        using var folder = new TemporaryFolder();
        Train(folder, "out");
        Assert.That(
            () => Train(folder, "out", monitor: new MonitorOptions { SaveEvery = 5 }),
            Throws.ArgumentException.With.Message.Contains("holds a complete checkpoint, which parts of a new run do not replace"));
    }

    [Test]
    public void CheckTarget_AnotherCheckpointWhereTheBestWouldBe_IsRefusedAndLeft()
    {
        using var folder = new TemporaryFolder();
        Train(folder, "out-best");
        Assert.That(
            () => Train(folder, "out", monitor: new MonitorOptions { EvalEvery = 5, EarlyStop = 1 }),
            Throws.ArgumentException.With.Message.Contains("out-best' holds a complete checkpoint, and --early-stop needs that place"));
        Assert.That(Checkpoint.FindState(folder["out-best"])!.IsPartial, Is.False);
    }

    [Test]
    public void Resume_OtherData_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => Train(folder, "out", cancelAt: 20), Throws.TypeOf<CommandCancelledException>());
        Assert.That(() => Train(folder, "out", resume: true, inputs: "data 1"), Throws.TypeOf<ModelFormatException>().With.Message.Contains("began with data 0; expected what is given now, data 1"));
    }

    private static HeldOutLoss HeldOut(TemporaryFolder folder, LanguageModel model)
    {
        using var examples = TrainingData.Open(folder["data"], Tokenizer.Load(folder["data"]));
        var options = RecipeFile.Read("tiny").Pretrain;
        return new HeldOutLoss(model, BatchFactory.Pretraining(examples, options, model.Config)(10_000), microBatchSize: 4);
    }

    private static string WeightsOf(TemporaryFolder folder, string name) => Path.Combine(folder[name], FileNames.Weights);

    // Cancels when the batch of a step is made, a few steps before it is used; -1 for never.
    private static void Train(
        TemporaryFolder folder, string output, int seed = 1, int cancelAt = -1, bool resume = false, double learningRate = 1e-3, string inputs = "data 0", MonitorOptions? monitor = null)
    {
        var data = Directory.Exists(folder["data"]) ? folder["data"] : TinyModels.WriteExamples(folder["data"]);
        using var examples = TrainingData.Open(data, Tokenizer.Load(data));
        var recipe = RecipeFile.Read("tiny");
        var options = recipe.Pretrain with { Run = recipe.Pretrain.Run with { Steps = Steps, Seed = seed, LearningRate = learningRate } };
        using var model = new LanguageModel(recipe.CreateConfig(Tokenizer.Load(data), "PausePT"));
        recipe.Initialization.Draw(model, options.Run.Seed);
        using var cancellation = new CancellationTokenSource();
        if (cancelAt == 0)
        {
            cancellation.Cancel();
        }

        var make = BatchFactory.Pretraining(examples, options, model.Config);
        var run = new TrainingRun
        {
            Stage = "pretrain",
            Recipe = recipe,
            Options = (options, options.Run),
            Monitor = monitor ?? new MonitorOptions(),
            TokenizerFolder = data,
            Output = folder[output],
            Resume = resume,
        };
        run.CheckTarget();
        run.Train(
            model,
            step =>
            {
                if (step == cancelAt)
                {
                    cancellation.Cancel();
                }

                return make(step);
            },
            HeldOut(folder, model),
            inputs,
            cancellation.Token);
    }
}
