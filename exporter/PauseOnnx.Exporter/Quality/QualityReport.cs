namespace PauseOnnx.Exporter;

/// <summary>
/// How well a graph foretells the user's own data, and how far it is from the float32 graph there. The right tokens are fed
/// whatever the graph would have chosen, so that each position of a target is measured once and all graphs see the same.
/// </summary>
/// <param name="Samples">Examples, or windows of text.</param>
/// <param name="TargetTokens">Positions that were measured, over all targets.</param>
/// <param name="Accuracy">
/// Share of examples whose whole target, end of text included, is the graph's first choice: those that greedy decoding
/// answers. Null for plain text, which has no answers.
/// </param>
/// <param name="Perplexity">e to the mean negative log-likelihood of the target tokens: 1 where each was certain, V where none was told from another.</param>
/// <param name="Top1Agreement">Share of positions where the float32 graph has the same first choice.</param>
/// <param name="KlDivergence">Mean Kullback-Leibler divergence of the graph's distribution from the float32 graph's, in nats a position.</param>
/// <param name="Data">The file or folder, as it was given.</param>
public sealed record QualityReport(
    int Samples, long TargetTokens, double? Accuracy, double Perplexity, double Top1Agreement, double KlDivergence, string Data);
