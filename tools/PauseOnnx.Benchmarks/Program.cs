using System.CommandLine;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Benchmarks;

/// <summary>The <c>pauseonnx-bench</c> command line.</summary>
public static class Program
{
    /// <summary>Runs one command; returns the process's exit code.</summary>
    public static Task<int> Main(string[] args)
    {
        // What trains does it as the trainer does; the others leave the process, and what it starts, as it is.
        if (args is ["steps" or "products", ..])
        {
            Trainer.Allocator.PreferTcmalloc(typeof(Program).Assembly);
            Trainer.TrainingThreads.WaitWithoutSpinning();
        }

        return CommandHost.RunAsync(CreateRoot(), args);
    }

    private static RootCommand CreateRoot() => new("Measures PauseOnnx beside its peers, in the same run, on this machine.")
    {
        TrainingCommand.Create(),
        ExportCommand.Create(),
        TargetsCommand.Create(),
        RuntimeCommand.Create(),
        StepsCommand.Create(),
        ProductsCommand.Create(),
        CallsCommand.Create(),
        LlamaCommand.Create(),
        GenerationCommand.Create(),
        BatchCommand.Create(),
        AnswersCommand.Create(),
        EvaluationCommand.Create(),
    };
}
