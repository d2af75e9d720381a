using System.Globalization;

namespace PauseOnnx.Model.Chat;

/// <summary>Filters: <c>value | name</c>.</summary>
internal static class JinjaFilters
{
    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, JinjaOperation> All { get; } = new JinjaOperation[]
    {
        new("trim", ["chars"], 0, (c, v, a) => JinjaStrings.Strip(JinjaOperators.Text(v, c), a[0] as string, left: true, right: true)),
        new("upper", [], 0, (c, v, _) => JinjaOperators.Text(v, c).ToUpperInvariant()),
        new("lower", [], 0, (c, v, _) => JinjaOperators.Text(v, c).ToLowerInvariant()),
        new("title", [], 0, (c, v, _) => JinjaStrings.Title(JinjaOperators.Text(v, c))),
        new("capitalize", [], 0, (c, v, _) => JinjaStrings.Capitalize(JinjaOperators.Text(v, c))),
        new("string", [], 0, (c, v, _) => JinjaOperators.Text(v, c)),
        new("safe", [], 0, (_, v, _) => v),
        new("replace", ["old", "new"], 2, (c, v, a) =>
            JinjaMethods.Replace(JinjaOperators.Text(v, c), JinjaMethods.Text(a[0], c), JinjaMethods.Text(a[1], c), c)),
        new("length", [], 0, Length),
        new("count", [], 0, Length),
        new("default", ["default_value", "boolean"], 0, Default),
        new("d", ["default_value", "boolean"], 0, Default),
        new("int", ["default"], 0, Int),
        new("join", ["d", "attribute"], 0, Join),
        new("first", [], 0, (c, v, _) => Items(c, v, "first") is [var first, ..] ? first : JinjaUndefined.Value),
        new("last", [], 0, (c, v, _) => Items(c, v, "last") is [.., var last] ? last : JinjaUndefined.Value),
        new("list", [], 0, (c, v, _) => Items(c, v, "list")),
        new("reverse", [], 0, (c, v, _) => v is string ? JinjaOperators.Slice(v, null, null, -1L, c) : Items(c, v, "reverse").Reverse().ToList()),
        new("items", [], 0, (c, v, _) => v is IReadOnlyDictionary<string, object?> dictionary ? JinjaMethods.ItemsOf(dictionary)
            : v is JinjaUndefined ? new List<object?>() : throw c.Error($"Filter 'items' of {JinjaValues.KindOf(v)}; expected a dictionary")),
        new("map", ["filter", "attribute"], 0, Map),
        new("select", ["test", "other"], 0, (c, v, a) => Select(c, v, null, a[0], a[1], isKept: true)),
        new("reject", ["test", "other"], 0, (c, v, a) => Select(c, v, null, a[0], a[1], isKept: false)),
        new("selectattr", ["attribute", "test", "other"], 1, (c, v, a) => Select(c, v, a[0], a[1], a[2], isKept: true)),
        new("rejectattr", ["attribute", "test", "other"], 1, (c, v, a) => Select(c, v, a[0], a[1], a[2], isKept: false)),
        new("tojson", ["indent"], 0, (c, v, a) => JinjaJson.Write(v, a[0] is long indent ? (int)Math.Clamp(indent, 0, 16) : null, c)),
    }.ToDictionary(f => f.Name, StringComparer.Ordinal);

    private static object? Length(JinjaContext context, object? value, object?[] arguments) => value switch
    {
        string text => (long)JinjaValues.LengthOf(text),
        _ => (long)Items(context, value, "length").Count,
    };

    private static object? Default(JinjaContext context, object? value, object?[] arguments) =>
        value is JinjaUndefined || (JinjaValues.IsTrue(arguments[1]) && !JinjaValues.IsTrue(value))
            ? arguments[0] is JinjaUndefined ? "" : arguments[0]
            : value;

    private static object? Int(JinjaContext context, object? value, object?[] arguments) => value switch
    {
        bool flag => flag ? 1L : 0L,
        long => value,
        double number when Math.Abs(number) < 1e18 => (long)number,
        string text when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) => number,
        _ => arguments[0] is JinjaUndefined ? 0L : arguments[0],
    };

    private static object? Join(JinjaContext context, object? value, object?[] arguments)
    {
        var separator = arguments[0] is JinjaUndefined ? "" : JinjaOperators.Text(arguments[0], context);
        string[] parts = [.. Items(context, value, "join").Select(item =>
            JinjaOperators.Text(arguments[1] is JinjaUndefined ? item : JinjaOperators.Index(item, arguments[1], context), context))];
        context.Budget.Charge(parts.Sum(p => (long)p.Length + separator.Length), context.Position);
        return string.Join(separator, parts);
    }

    private static object? Map(JinjaContext context, object? value, object?[] arguments)
    {
        var items = Items(context, value, "map");
        if (arguments[1] is not JinjaUndefined)
        {
            return items.Select(item => JinjaOperators.Index(item, arguments[1], context)).ToList();
        }

        var filter = Operation(All, arguments[0], "filter", context);
        object?[] none = [.. filter.Parameters.Select(_ => JinjaUndefined.Value)];
        return filter.Required == 0
            ? items.Select(item => filter.Apply(context, item, none)).ToList()
            : throw context.Error($"'map' cannot give '{filter.Name}' its arguments");
    }

    private static List<object?> Select(JinjaContext context, object? value, object? attribute, object? test, object? other, bool isKept)
    {
        var operation = test is JinjaUndefined ? null : Operation(JinjaTests.All, test, "test", context);
        object?[] arguments = operation?.Parameters.Length == 1 ? [other] : [];
        bool Passes(object? item)
        {
            var tested = attribute is null ? item : JinjaOperators.Index(item, attribute, context);
            return operation is null ? JinjaValues.IsTrue(tested) : (bool)operation.Apply(context, tested, arguments)!;
        }

        return [.. Items(context, value, "select").Where(item => Passes(item) == isKept)];
    }

    private static JinjaOperation Operation(IReadOnlyDictionary<string, JinjaOperation> known, object? name, string kind, JinjaContext context) =>
        name is string text && known.TryGetValue(text, out var operation)
            ? operation
            : throw context.Error($"There is no {kind} '{JinjaValues.TextOf(name)}'; expected one of {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}");

    private static IReadOnlyList<object?> Items(JinjaContext context, object? value, string filter) =>
        JinjaValues.ItemsOf(value) ?? throw context.Error($"Filter '{filter}' of {JinjaValues.KindOf(value)}; expected a list");
}
