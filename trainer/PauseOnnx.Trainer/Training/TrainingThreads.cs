using TorchSharp;

namespace PauseOnnx.Trainer;

/// <summary>How libtorch's threads work: how many there are inside an operation, and how they wait for each other.</summary>
internal static class TrainingThreads
{
    // Below this, an operation takes microseconds and waiting for the other threads takes longer: a step of the Luhn recipe
    // (0.7 billion) took 10 ms with one thread, and with two up to 100 ms while another program used the second core.
    private const double WorthThreads = 5e9;

    /// <summary>
    /// Lets a thread that waits for the others sleep instead of spinning. On two cores shared with other programs the corpus
    /// recipe was seven times slower with spinning. Must come before the first use of libtorch, whose OpenMP reads the
    /// environment once; a user's own OMP_WAIT_POLICY is kept.
    /// </summary>
    public static void WaitWithoutSpinning() => NativeEnvironment.SetDefault("OMP_WAIT_POLICY", "PASSIVE");

    /// <summary>Sets the number for a run.</summary>
    /// <param name="wish">The user's; null for one thread for a small model, and for others the cores, shared with the processes beside this one.</param>
    /// <param name="model">The model.</param>
    /// <param name="run">Its batches.</param>
    /// <param name="localSize">Processes of the run on this machine.</param>
    public static void Set(int? wish, LanguageModel model, RunOptions run, int localSize)
    {
        var operationsAStep = 6.0 * model.Parameters.Count * run.BatchSize * run.SequenceLength;
        // A launcher may have bound this process to its share of the machine, or left it all to every process.
        var share = Math.Clamp(NativeEnvironment.MachineProcessors / localSize, 1, Environment.ProcessorCount);
        torch.set_num_threads(wish ?? (operationsAStep < WorthThreads ? 1 : share));
    }
}
