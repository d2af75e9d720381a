using System.Text.RegularExpressions;

namespace PauseOnnx.Model;

/// <summary>What becomes of the matches of an expression, in the words of Hugging Face's tokenizer.json.</summary>
internal enum SplitBehavior
{
    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>They vanish.</summary>
    Removed,

    /// <summary>Each ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the piece after it.</summary>
    MergedWithNext,

    /// <summary>Those in a row are one piece.</summary>
    Contiguous,
}

/// <summary>One step of cutting text into pieces.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SplitRule
{
    private readonly Regex _pattern;
    private readonly SplitBehavior _behavior;
    private readonly bool _isInverted;

    /// <summary>A rule.</summary>
    /// <param name="pattern">A regular expression; matches and what lies between them become pieces.</param>
    /// <param name="behavior">What becomes of matches.</param>
    /// <param name="isInverted">Whether that befalls what lies between matches instead.</param>
    /// <exception cref="ArgumentException">.NET cannot read the expression.</exception>
    public SplitRule(string pattern, SplitBehavior behavior = SplitBehavior.Isolated, bool isInverted = false)
    {
        _pattern = new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant);
        (_behavior, _isInverted) = (behavior, isInverted);
    }

    /// <summary>Appends the pieces of a text, none of them empty.</summary>
    /// <param name="text">The text.</param>
    /// <param name="offset">Where the text begins in the one that pieces refer to.</param>
    /// <param name="pieces">Where to.</param>
    public void Split(ReadOnlySpan<char> text, int offset, List<Range> pieces)
    {
        var splitter = new Splitter(_behavior, _isInverted, offset, pieces);
        var end = 0;
        foreach (var match in _pattern.EnumerateMatches(text))
        {
            splitter.Add(end, match.Index, isMatch: false);
            end = match.Index + match.Length;
            splitter.Add(match.Index, end, isMatch: true);
        }

        splitter.Add(end, text.Length, isMatch: false);
    }

    /// <summary>Takes matches and the parts between them in order, and joins those that belong together.</summary>
    private struct Splitter(SplitBehavior behavior, bool isInverted, int offset, List<Range> pieces)
    {
        private readonly int _first = pieces.Count;
        private bool _wasMatch;

        public void Add(int start, int end, bool isMatch)
        {
            if (start == end)
            {
                return;
            }

            isMatch ^= isInverted;
            var joins = pieces.Count > _first && behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !_wasMatch,
                SplitBehavior.MergedWithNext => _wasMatch && !isMatch,
                SplitBehavior.Contiguous => isMatch == _wasMatch,
                _ => false,
            };
            _wasMatch = isMatch;
            if (behavior == SplitBehavior.Removed && isMatch)
            {
                return;
            }

            var from = joins ? pieces[^1].Start.Value : offset + start;
            if (joins)
            {
                pieces.RemoveAt(pieces.Count - 1);
            }

            pieces.Add(from..(offset + end));
        }
    }
}
