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
            CheckAgreement(ranks, torch.CPU, chosen.type == DeviceType.CUDA, "a GPU", "--device cpu or --device cuda");
            if (chosen.type == DeviceType.CUDA)
            {
                using var gpus = new Nccl(ranks, chosen.index);
                Work(gpus, () => work(chosen, gpus, cancellation.Token));
            }
            else
            {
                Work(ranks, () => work(chosen, ranks, cancellation.Token));
            }
        }
        catch (PlatformNotSupportedException e)
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

    /// <summary>Refuses a choice that each rank made for itself and not all made alike.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="device">Where they add up tensors.</param>
    /// <param name="choice">This rank's.</param>
    /// <param name="what">What was chosen or not.</param>
    /// <param name="remedy">Options that leave no choice.</param>
    /// <exception cref="PlatformNotSupportedException">The ranks differ.</exception>
    internal static void CheckAgreement(ICollective ranks, torch.Device device, bool choice, string what, string remedy)
    {
        using var count = torch.tensor([choice ? 1f : 0f], device: device);
        ranks.Sum(count);
        var chosen = (int)count[0].item<float>();
        if (chosen > 0 && chosen < ranks.WorldSize)
        {
            throw new PlatformNotSupportedException($"{chosen} of {ranks.WorldSize} processes would take {what}, the others not; expected all alike: give {remedy}.");
        }
    }

    // Before anything is disposed of, which would wait for the others.
    private static void Work(ICollective ranks, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            ranks.Abort(e.Message.ReplaceLineEndings(" "));
            throw;
        }
    }

    // At Ctrl-C mpirun sends SIGCONT at once, SIGTERM after a time and SIGKILL after as long again (one second each, unless
    // odls_base_sigkill_timeout says otherwise): who begins to save at the first has twice the time, and need not wait for it.
    [UnsupportedOSPlatform("windows")]
    private static PosixSignalRegistration CancelWhenContinued(CancellationTokenSource cancellation) =>
        PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => cancellation.Cancel());
}
