using TorchSharp;

namespace PauseOnnx.Trainer;

/// <summary>How many threads libtorch uses inside an operation.</summary>
internal static class TrainingThreads
{
    // Below this, an operation takes microseconds and waiting for the other threads takes longer: a step of the Luhn recipe
    // (0.4 billion) took 10 ms with one thread, and with two up to 100 ms while another program used the second core.
    private const double WorthThreads = 5e9;

    /// <summary>Sets the number for a run.</summary>
    /// <param name="wish">The user's; null for one thread for a small model and one a core for others.</param>
    /// <param name="model">The model.</param>
    /// <param name="run">Its batches.</param>
    public static void Set(int? wish, LanguageModel model, RunOptions run)
    {
        var operationsAStep = 6.0 * model.Parameters.Count * run.BatchSize * run.SequenceLength;
        torch.set_num_threads(wish ?? (operationsAStep < WorthThreads ? 1 : Environment.ProcessorCount));
    }
}
