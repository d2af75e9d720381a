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

    private static string WeightsOf(TemporaryFolder folder, string name) => Path.Combine(folder[name], FileNames.Weights);

    // Cancels when the batch of a step is made, a few steps before it is used; -1 for never.
    private static void Train(TemporaryFolder folder, string output, int seed = 1, int cancelAt = -1, bool resume = false, MonitorOptions? monitor = null)
    {
        var data = TinyModels.WriteExamples(folder["data"]);
        using var examples = TrainingData.Open(data, Tokenizer.Load(data));
        var recipe = RecipeFile.Read("tiny");
        var options = recipe.Pretrain with { Run = recipe.Pretrain.Run with { Steps = Steps, Seed = seed } };
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
            new HeldOutLoss(model, make(10_000), microBatchSize: 4),
            "data 0",
            cancellation.Token);
    }
}
