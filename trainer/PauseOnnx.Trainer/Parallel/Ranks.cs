using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Spectre.Console;
using TorchSharp;

namespace PauseOnnx.Trainer;

/// <summary>How a training process becomes a rank, and how it fails as one.</summary>
public static class Ranks
{
    /// <summary>Does the work of a rank on a device; alone when no launcher started this process.</summary>
    /// <remarks>
    /// A rank that fails ends the others. A cancellation does not: the launcher hands it to every rank, and the work must see to
    /// it that all end after the same step.
    /// </remarks>
    /// <param name="device">Such as <c>auto</c>, see <see cref="ComputeDevice"/>.</param>
    /// <param name="work">Gets the device, the ranks, which are valid until it returns, and the token.</param>
    /// <param name="cancellationToken">Ctrl-C; under <c>mpirun</c> its Ctrl-C is added.</param>
    /// <exception cref="DllNotFoundException">A launcher started several processes and the engine they need is missing.</exception>
    public static void Run(string device, Action<torch.Device, ICollective, CancellationToken> work, CancellationToken cancellationToken)
    {
        LibTorch.Load();
        _ = MklPath.Use();
        var launcher = Launcher.Detect(Environment.GetEnvironmentVariable);
        if (launcher.WorldSize == 1)
        {
            using var alone = new SingleProcess();
            work(ComputeDevice.Choose(device, alone.LocalRank), alone, cancellationToken);
            return;
        }

        // The launcher gives rank 0 a terminal even where its own output is a file.
        AnsiConsole.Profile.Capabilities.Interactive = false;
        using var ranks = new OpenMpi(launcher);
        if (ranks.Rank != 0)
        {
            Console.SetOut(TextWriter.Null);
        }

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var ctrlC = launcher.Name == Launcher.MpiRun && !OperatingSystem.IsWindows() ? CancelWhenContinued(cancellation) : null;
        try
        {
            var chosen = ComputeDevice.Choose(device, ranks.LocalRank);
            using ICollective? gpus = chosen.type == DeviceType.CUDA ? new Nccl(ranks, chosen.index) : null;
            work(chosen, gpus ?? ranks, cancellation.Token);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            ranks.Abort(e.Message.ReplaceLineEndings(" "));
            throw;
        }
        finally
        {
            if (ctrlC is not null && cancellation.IsCancellationRequested)
            {
                ranks.LeaveToLauncher();
            }
        }
    }

    // At Ctrl-C mpirun sends SIGCONT at once, SIGTERM after a time and SIGKILL after as long again (one second each, unless
    // odls_base_sigkill_timeout says otherwise): who begins to save at the first has twice the time, and need not wait for it.
    [UnsupportedOSPlatform("windows")]
    private static PosixSignalRegistration CancelWhenContinued(CancellationTokenSource cancellation) =>
        PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => cancellation.Cancel());
}
