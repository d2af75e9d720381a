namespace PauseOnnx.Runtime;

/// <summary>The host's attention mask, [B, P_host + T] int64: 1 = real, 0 = left padding or after the end of a sequence.</summary>
internal sealed class AttentionMask
{
    private readonly int _batch;
    private readonly long[] _values;
    private int _length;

    /// <summary>The mask of left-padded prompts.</summary>
    /// <param name="prompts">B prompts.</param>
    /// <param name="length">T: length of the longest, in tokens.</param>
    /// <param name="capacity">Longest the mask will grow, in tokens.</param>
    public AttentionMask(IReadOnlyList<int[]> prompts, int length, int capacity)
    {
        (_batch, _length) = (prompts.Count, length);
        _values = new long[_batch * capacity];
        for (var b = 0; b < _batch; b++)
        {
            _values.AsSpan(((b + 1) * length) - prompts[b].Length, prompts[b].Length).Fill(1);
        }
    }

    /// <summary>The mask as it is now, [B, S].</summary>
    public Memory<long> Values => _values.AsMemory(0, _batch * _length);

    /// <summary>Adds the column of one more token a sequence.</summary>
    /// <param name="isReal">B flags. A masked token takes no position, so a finished sequence stays within the context.</param>
    public void Append(ReadOnlySpan<bool> isReal)
    {
        // Rows become longer: move the last first.
        for (var b = _batch - 1; b >= 0; b--)
        {
            Array.Copy(_values, b * _length, _values, b * (_length + 1), _length);
            _values[(b * (_length + 1)) + _length] = isReal[b] ? 1 : 0;
        }

        _length++;
    }
}
