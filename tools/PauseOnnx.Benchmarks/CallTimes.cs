namespace PauseOnnx.Benchmarks;

/// <summary>What one process measured of a graph, from loading it on.</summary>
/// <param name="Load">Milliseconds until the graph could be called; its files were in the system's cache.</param>
/// <param name="OwnBytes">Resident memory before that.</param>
/// <param name="LoadedBytes">Resident memory after that.</param>
/// <param name="PeakBytes">Most resident memory up to the end.</param>
/// <param name="Prefill">Milliseconds of a first call with <see cref="CallsCommand.Prompt"/> tokens and no pauses.</param>
/// <param name="PausedPrefill">The same with <see cref="CallsCommand.Pauses"/> pauses.</param>
/// <param name="Decode">Milliseconds of a call with one token at about <see cref="CallsCommand.DecodePosition"/> positions.</param>
internal sealed record CallTimes(double Load, long OwnBytes, long LoadedBytes, long PeakBytes, double Prefill, double PausedPrefill, double Decode);
