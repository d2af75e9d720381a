using System.Globalization;

namespace PauseOnnx.Model.Chat;

/// <summary>What a variable, attribute or item is that does not exist.</summary>
internal sealed class JinjaUndefined
{
    /// <summary>The only one.</summary>
    public static JinjaUndefined Value { get; } = new();
}

/// <summary>A dictionary whose entries <c>set</c> may change, also from inside a loop.</summary>
internal sealed class JinjaNamespace : Dictionary<string, object?>
{
    /// <summary>An empty one.</summary>
    public JinjaNamespace()
        : base(StringComparer.Ordinal)
    {
    }
}

/// <summary>
/// Values of templates, with Python's meaning: null is none, bool, long, double, string, <see cref="JinjaUndefined"/>, a
/// list as IReadOnlyList of values, a dictionary as IReadOnlyDictionary from string, a function that is not called as
/// <see cref="JinjaOperation"/>.
/// </summary>
internal static class JinjaValues
{
    /// <summary>A value's kind, for messages.</summary>
    public static string KindOf(object? value) => value switch
    {
        null => "none",
        JinjaUndefined => "undefined",
        bool => "a boolean",
        long => "an integer",
        double => "a number",
        string => "a string",
        JinjaNamespace => "a namespace",
        IReadOnlyDictionary<string, object?> => "a dictionary",
        JinjaOperation => "a function",
        _ => "a list",
    };

    /// <summary>Whether a condition takes it for true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        JinjaNamespace => true,
        IReadOnlyDictionary<string, object?> dictionary => dictionary.Count > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        _ => true,
    };

    /// <summary>As it is output; null for lists and dictionaries, which only tojson writes.</summary>
    public static string? TextOf(object? value) => value switch
    {
        null => "None",
        JinjaUndefined => "",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => TextOf(number),
        string text => text,
        _ => null,
    };

    /// <summary>The characters of a string, the items of a list, the keys of a dictionary; null for what has no items.</summary>
    public static IReadOnlyList<object?>? ItemsOf(object? value) => value switch
    {
        string text => Characters(text),
        IReadOnlyDictionary<string, object?> dictionary => [.. dictionary.Keys],
        IReadOnlyList<object?> list => list,
        JinjaUndefined => [],
        _ => null,
    };

    /// <summary>Number of code points, as Python counts.</summary>
    public static int LengthOf(string text) => text.Length - text.Where((c, i) => char.IsLowSurrogate(c) && i > 0 && char.IsHighSurrogate(text[i - 1])).Count();

    /// <summary>Order of two numbers or two strings; null for other pairs and where one is not a number.</summary>
    public static int? Order(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        _ => NumberOf(left) is { } a && NumberOf(right) is { } b ? Compare(a, b) : null,
    };

    /// <summary>Characters or items; 1 of other values.</summary>
    public static int SizeOf(object? value) => value switch
    {
        string text => text.Length,
        IReadOnlyCollection<object?> items => items.Count,
        IReadOnlyDictionary<string, object?> items => items.Count,
        _ => 1,
    };

    /// <summary>A long or double; a boolean as 0 or 1; null for what is no number.</summary>
    public static object? NumberOf(object? value) => value switch
    {
        bool flag => flag ? 1L : 0L,
        long or double => value,
        _ => null,
    };

    private static int? Compare(object left, object right) => (left, right) switch
    {
        (long a, long b) => a.CompareTo(b),
        _ => (Convert.ToDouble(left, CultureInfo.InvariantCulture), Convert.ToDouble(right, CultureInfo.InvariantCulture)) is var (a, b)
            && !double.IsNaN(a) && !double.IsNaN(b) ? a.CompareTo(b) : null,
    };

    private static string TextOf(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny(".EIN") < 0 ? $"{text}.0" : text;
    }

    private static object?[] Characters(string text)
    {
        var characters = new List<object?>(text.Length);
        for (var i = 0; i < text.Length; i += characters[^1] is string { Length: 2 } ? 2 : 1)
        {
            characters.Add(text.Substring(i, i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1));
        }

        return [.. characters];
    }
}
