namespace PauseOnnx.Model.Chat;

/// <summary>Tests: <c>value is name</c>.</summary>
internal static class JinjaTests
{
    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, JinjaOperation> All { get; } = new[]
    {
        Test("defined", v => v is not JinjaUndefined),
        Test("undefined", v => v is JinjaUndefined),
        Test("none", v => v is null),
        Test("string", v => v is string),
        Test("boolean", v => v is bool),
        Test("true", v => v is true),
        Test("false", v => v is false),
        Test("number", v => v is bool or long or double),
        Test("integer", v => v is long),
        Test("float", v => v is double),
        Test("mapping", v => v is IReadOnlyDictionary<string, object?> and not JinjaNamespace),
        Test("iterable", v => JinjaValues.ItemsOf(v) is not null),
        Test("sequence", v => JinjaValues.ItemsOf(v) is not null),
        Test("odd", v => JinjaValues.NumberOf(v) is long number && number % 2 != 0),
        Test("even", v => JinjaValues.NumberOf(v) is long number && number % 2 == 0),
        Comparison("equalto", "=="),
        Comparison("eq", "=="),
        Comparison("ne", "!="),
        Comparison("in", "in"),
        Comparison("lt", "<"),
        Comparison("gt", ">"),
        new("divisibleby", ["number"], 1, (context, v, a) => JinjaOperators.Apply("%", v, a[0], context) is 0L),
    }.ToDictionary(t => t.Name, StringComparer.Ordinal);

    private static JinjaOperation Test(string name, Func<object?, bool> test) => new(name, [], 0, (_, value, _) => test(value));

    private static JinjaOperation Comparison(string name, string comparison) =>
        new(name, ["other"], 1, (context, value, arguments) => JinjaOperators.Compare(comparison, value, arguments[0], context));
}
