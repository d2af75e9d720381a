using System.CommandLine;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Trainer;

/// <summary>The <c>pauseonnx-train</c> command line.</summary>
public static class Program
{
    /// <summary>Runs one command; returns the process's exit code.</summary>
    public static Task<int> Main(string[] args)
    {
        if (args is ["pretrain" or "finetune", ..])
        {
            Allocator.PreferTcmalloc(typeof(Program).Assembly);
        }

        TrainingThreads.WaitWithoutSpinning();
        return CommandHost.RunAsync(CreateRoot(), args);
    }

    /// <summary>The program's commands.</summary>
    internal static RootCommand CreateRoot() => new("Trains language models with pause tokens.")
    {
        PrepareCommand.Create(),
        PretrainCommand.Create(),
        FinetuneCommand.Create(),
        EvaluateCommand.Create(),
        ReferenceCommand.Create(),
    };
}
