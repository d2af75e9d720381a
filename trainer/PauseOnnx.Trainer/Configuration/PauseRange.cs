using System.Globalization;

namespace PauseOnnx.Trainer;

/// <summary>A number of pauses, or a range that it is drawn from; both ends belong to it.</summary>
/// <param name="Min">Fewest, in tokens.</param>
/// <param name="Max">Most, in tokens.</param>
public readonly record struct PauseRange(int Min, int Max)
{
    private const string Expected = "a number of pauses such as 15, or a range such as 6..30";

    /// <summary>Reads <c>15</c> or <c>6..30</c>.</summary>
    /// <exception cref="FormatException">The text is neither.</exception>
    public static PauseRange Parse(string text)
    {
        var ends = text.Split("..");
        if (ends.Length > 2 || !ends.All(e => int.TryParse(e, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            throw new FormatException($"'{text}' is not {Expected}.");
        }

        var range = new PauseRange(int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[^1], CultureInfo.InvariantCulture));
        return range.Min <= range.Max ? range : throw new FormatException($"'{text}' ends before it begins; expected {Expected}.");
    }

    /// <summary>
    /// M_inf for a model finetuned with this range: a fixed number itself; of a range, the wish when it lies inside, else
    /// the upper end.
    /// </summary>
    public int DefaultCount(int wish) => Min <= wish && wish <= Max ? wish : Max;

    /// <inheritdoc/>
    public override string ToString() => Min == Max ? $"{Min}" : $"{Min}..{Max}";
}
