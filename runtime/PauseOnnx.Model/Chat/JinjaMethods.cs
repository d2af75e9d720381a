namespace PauseOnnx.Model.Chat;

/// <summary>Methods of strings and dictionaries: <c>value.name()</c>.</summary>
internal static class JinjaMethods
{
    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, JinjaOperation> All { get; } = new[]
    {
        OfString("strip", ["chars"], 0, (_, s, a) => JinjaStrings.Strip(s, Optional(a[0]), left: true, right: true)),
        OfString("lstrip", ["chars"], 0, (_, s, a) => JinjaStrings.Strip(s, Optional(a[0]), left: true, right: false)),
        OfString("rstrip", ["chars"], 0, (_, s, a) => JinjaStrings.Strip(s, Optional(a[0]), left: false, right: true)),
        OfString("startswith", ["prefix"], 1, (c, s, a) => s.StartsWith(Text(a[0], c), StringComparison.Ordinal)),
        OfString("endswith", ["suffix"], 1, (c, s, a) => s.EndsWith(Text(a[0], c), StringComparison.Ordinal)),
        OfString("split", ["sep", "maxsplit"], 0, Split),
        OfString("replace", ["old", "new"], 2, (c, s, a) => Replace(s, Text(a[0], c), Text(a[1], c), c)),
        OfString("upper", [], 0, (_, s, _) => s.ToUpperInvariant()),
        OfString("lower", [], 0, (_, s, _) => s.ToLowerInvariant()),
        OfString("title", [], 0, (_, s, _) => JinjaStrings.Title(s)),
        OfString("capitalize", [], 0, (_, s, _) => JinjaStrings.Capitalize(s)),
        OfDictionary("items", [], 0, (d, _) => ItemsOf(d)),
        OfDictionary("keys", [], 0, (d, _) => d.Keys.ToList<object?>()),
        OfDictionary("values", [], 0, (d, _) => d.Values.ToList()),
        OfDictionary("get", ["key", "default"], 1, (d, a) =>
            a[0] is string key && d.TryGetValue(key, out var value) ? value : a[1] is JinjaUndefined ? null : a[1]),
    }.ToDictionary(m => m.Name, StringComparer.Ordinal);

    /// <summary>Pairs of key and value.</summary>
    public static List<object?> ItemsOf(IReadOnlyDictionary<string, object?> dictionary) =>
        [.. dictionary.Select(item => new List<object?> { item.Key, item.Value })];

    /// <summary>Replaces every occurrence; an empty one is between any two characters.</summary>
    public static string Replace(string text, string old, string replacement, JinjaContext context)
    {
        var count = old.Length == 0 ? text.Length + 1 : JinjaStrings.Split(text, old, -1).Count - 1;
        context.Budget.Charge(text.Length + ((long)count * replacement.Length), context.Position);
        return old.Length > 0
            ? text.Replace(old, replacement, StringComparison.Ordinal)
            : replacement + string.Concat(JinjaValues.ItemsOf(text)!.Select(c => c + replacement));
    }

    /// <summary>An argument that must be a string.</summary>
    public static string Text(object? value, JinjaContext context) =>
        value as string ?? throw context.Error($"An argument is {JinjaValues.KindOf(value)}; expected a string");

    private static string? Optional(object? value) => value as string;

    private static object? Split(JinjaContext context, string text, object?[] arguments)
    {
        var separator = Optional(arguments[0]);
        return separator?.Length == 0
            ? throw context.Error("The separator of 'split' is empty")
            : JinjaStrings.Split(text, separator, arguments[1] is long count ? count : -1);
    }

    private static JinjaOperation OfString(string name, string[] parameters, int required, Func<JinjaContext, string, object?[], object?> apply) =>
        new(name, parameters, required, (context, target, arguments) => target is string text
            ? apply(context, text, arguments)
            : throw context.Error($"Method '{name}' of {JinjaValues.KindOf(target)}; expected a string"));

    private static JinjaOperation OfDictionary(
        string name, string[] parameters, int required, Func<IReadOnlyDictionary<string, object?>, object?[], object?> apply) =>
        new(name, parameters, required, (context, target, arguments) => target is IReadOnlyDictionary<string, object?> dictionary
            ? apply(dictionary, arguments)
            : throw context.Error($"Method '{name}' of {JinjaValues.KindOf(target)}; expected a dictionary"));
}
