namespace PauseOnnx.Exporter;

/// <summary>
/// How far an export has come, over its graphs: half of each is writing, half is proving where it is proven. Where graphs are
/// measured, that is the second half of all.
/// </summary>
internal sealed class ExportMeter(int variants, int cases, int samples, IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
{
    private readonly double _writingShare = cases == 0 ? 1 : 0.5;
    private readonly double _graphsShare = samples == 0 ? 1 : 0.5;
    private int _variant = -1;
    private long _total;
    private long _written;
    private int _proven;
    private int _measured;

    /// <summary>Cancels the export.</summary>
    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>A graph with this many bytes of weights is next.</summary>
    public void Begin(long bytes) => (_variant, _total, _written, _proven) = (_variant + 1, bytes, 0, 0);

    /// <summary>Some bytes of weights are written.</summary>
    /// <exception cref="OperationCanceledException">The export was cancelled.</exception>
    public void Written(long bytes)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _written += bytes;
        Report(_writingShare * _written / _total, $"{_written / 1e6:F1} of {_total / 1e6:F1} MB written");
    }

    /// <summary>A case of the reference is proven.</summary>
    public void Proven()
    {
        _proven++;
        Report(_writingShare + ((1 - _writingShare) * _proven / cases), $"{_proven} of {cases} cases proven");
    }

    /// <summary>Some examples are measured, in one of the graphs.</summary>
    public void Measured(int count)
    {
        _measured += count;
        progress?.Report(new(_graphsShare + ((1 - _graphsShare) * _measured / samples), $"{_measured} of {samples} examples measured"));
    }

    private void Report(double fraction, string activity)
    {
        var graph = variants == 1 ? "" : $"graph {_variant + 1} of {variants}: ";
        progress?.Report(new(_graphsShare * (_variant + fraction) / variants, graph + activity));
    }
}
