namespace PauseOnnx.Benchmarks;

/// <summary>What one process measured of a peer.</summary>
/// <param name="Load">Milliseconds until the model could be called; its file was in the system's cache.</param>
/// <param name="Prefill">Milliseconds of a first call with <see cref="CallsCommand.Prompt"/> tokens.</param>
/// <param name="Decode">Milliseconds of a call with one token at about <see cref="CallsCommand.DecodePosition"/> positions.</param>
internal sealed record PeerTimes(double Load, double Prefill, double Decode);
