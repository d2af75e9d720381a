using System.Text;

namespace PauseOnnx.Runtime;

/// <summary>
/// Lets text through up to the first stop string. What may be the beginning of one is held back until it is clear.
/// </summary>
/// <remarks>For one sequence; not thread-safe.</remarks>
/// <param name="stopStrings">None empty.</param>
internal sealed class StopStringFilter(IReadOnlyList<string> stopStrings)
{
    private readonly StringBuilder _held = new();

    /// <summary>Whether a stop string has come; nothing passes from then on.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Takes text; gives what can no longer be part of a stop string.</summary>
    public string Append(string piece)
    {
        if (IsStopped || piece.Length == 0)
        {
            return "";
        }

        if (stopStrings.Count == 0)
        {
            return piece;
        }

        var text = _held.Append(piece).ToString();
        _held.Clear();
        if (FindStop(text) is >= 0 and var stop)
        {
            IsStopped = true;
            return text[..stop];
        }

        var safe = text.Length - HeldLength(text);
        _held.Append(text, safe, text.Length - safe);
        return text[..safe];
    }

    /// <summary>What was held back, at the end of a sequence.</summary>
    public string Flush()
    {
        var rest = _held.ToString();
        _held.Clear();
        return rest;
    }

    // The place of the first, or -1.
    private int FindStop(string text)
    {
        var first = -1;
        foreach (var stop in stopStrings)
        {
            var place = text.IndexOf(stop, StringComparison.Ordinal);
            first = place >= 0 && (first < 0 || place < first) ? place : first;
        }

        return first;
    }

    // Length of the longest end of the text that begins a stop string.
    private int HeldLength(string text)
    {
        var longest = 0;
        foreach (var stop in stopStrings)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
