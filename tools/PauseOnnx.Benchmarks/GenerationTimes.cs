namespace PauseOnnx.Benchmarks;

/// <summary>What one process measured of a model that <c>PauseOnnx.Runtime</c> runs.</summary>
/// <param name="Load">Milliseconds of loading the folder; its files were in the system's cache.</param>
/// <param name="FirstToken">Milliseconds from before that to the first token after a prompt of <see cref="GenerationCommand.ShortPrompt"/> tokens.</param>
/// <param name="Prefill">Milliseconds of a first step with <see cref="CallsCommand.Prompt"/> tokens and no pauses.</param>
/// <param name="PausedPrefill">The same with <see cref="CallsCommand.Pauses"/> pauses.</param>
/// <param name="FedPauses">The same without pauses, and then as many steps of one token: what pauses fed one by one take.</param>
/// <param name="Decode">Milliseconds of a step at about <see cref="CallsCommand.DecodePosition"/> positions.</param>
/// <param name="AllocatedBytes">Managed memory that a later step allocates on its thread, on the average.</param>
/// <param name="Sampling">Milliseconds that a step takes longer with temperature and top-p than without.</param>
internal sealed record GenerationTimes(
    double Load, double FirstToken, double Prefill, double PausedPrefill, double FedPauses, double Decode, double AllocatedBytes, double Sampling);
