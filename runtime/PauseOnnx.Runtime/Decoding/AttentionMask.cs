namespace PauseOnnx.Runtime;

/// <summary>
/// Which positions of a batch are real, [B, S] int64 with the pauses: 1 = real, 0 = left padding or after the end of a sequence.
/// </summary>
internal sealed class AttentionMask
{
    private long[] _values = [];

    /// <summary>B.</summary>
    public int Batch { get; private set; }

    /// <summary>S.</summary>
    public int Length { get; private set; }

    /// <summary>A mask without positions.</summary>
    /// <param name="batch">B.</param>
    /// <param name="capacity">S for which there is room from the start.</param>
    public AttentionMask(int batch, int capacity)
    {
        Batch = batch;
        _values = GC.AllocateUninitializedArray<long>(batch * Math.Max(capacity, 1), pinned: true);
    }

    /// <summary>[B, S], in memory that does not move. Valid until the mask changes.</summary>
    public Span<long> Values => _values.AsSpan(0, Batch * Length);

    /// <summary>The row of a sequence, [S].</summary>
    public Span<long> Row(int sequence) => _values.AsSpan(sequence * Length, Length);

    /// <summary>Adds columns of ones at the end.</summary>
    public void Append(int columns) => Resize(Length + columns);

    /// <summary>Keeps the first columns.</summary>
    public void Truncate(int length) => Resize(length);

    /// <summary>Makes a batch of these rows, each as often as named.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        var kept = GC.AllocateUninitializedArray<long>(rows.Length * Math.Max(_values.Length / Batch, 1), pinned: true);
        for (var b = 0; b < rows.Length; b++)
        {
            Row(rows[b]).CopyTo(kept.AsSpan(b * Length));
        }

        (_values, Batch) = (kept, rows.Length);
    }

    // Longer rows move from the last on, shorter ones from the first, so that none is overwritten before it has moved.
    private void Resize(int length)
    {
        var (old, kept) = (Length, Math.Min(Length, length));
        if (Batch * length > _values.Length)
        {
            var larger = GC.AllocateUninitializedArray<long>(Batch * length * 2, pinned: true);
            Values.CopyTo(larger);
            _values = larger;
        }

        for (var i = 0; i < Batch; i++)
        {
            var b = length > old ? Batch - 1 - i : i;
            Array.Copy(_values, b * old, _values, b * length, kept);
            _values.AsSpan((b * length) + kept, length - kept).Fill(1);
        }

        Length = length;
    }
}
