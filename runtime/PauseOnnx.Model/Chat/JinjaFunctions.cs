using System.Globalization;
using System.Text;

namespace PauseOnnx.Model.Chat;

/// <summary>Functions: <c>name()</c>. The parser knows two more, <c>namespace</c> and <c>dict</c>.</summary>
internal static class JinjaFunctions
{
    private const int MaxRange = 100_000;

    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, JinjaOperation> All { get; } = new[]
    {
        new JinjaOperation("raise_exception", ["message"], 1, (context, _, a) =>
            throw context.Error($"The template refuses the messages: {JinjaOperators.Text(a[0], context)}")),
        new JinjaOperation("range", ["start", "stop", "step"], 1, Range),
        new JinjaOperation("strftime_now", ["format"], 1, (context, _, a) => FormatDate(context.Clock.GetLocalNow(), JinjaMethods.Text(a[0], context), context)),
    }.ToDictionary(f => f.Name, StringComparer.Ordinal);

    private static object? Range(JinjaContext context, object? target, object?[] arguments)
    {
        long Number(int index, long fallback) => arguments[index] is JinjaUndefined ? fallback
            : JinjaValues.NumberOf(arguments[index]) as long? ?? throw context.Error("'range' takes integers");
        var (start, stop) = arguments[1] is JinjaUndefined ? (0, Number(0, 0)) : (Number(0, 0), Number(1, 0));
        var step = Number(2, 1);
        if (step == 0)
        {
            throw context.Error("The step of 'range' is 0");
        }

        var numbers = new List<object?>();
        for (var i = (Int128)start; step > 0 ? i < stop : i > stop; i += step)
        {
            numbers.Add(numbers.Count < MaxRange ? (long)i : throw context.Error($"'range' has more than {MaxRange} numbers"));
        }

        context.Budget.Charge(numbers.Count, context.Position);
        return numbers;
    }

    // The fields that templates print a date with: https://docs.python.org/3/library/datetime.html#format-codes.
    private static string FormatDate(DateTimeOffset now, string format, JinjaContext context)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            text.Append(format[i] != '%' ? format[i].ToString() : (++i < format.Length ? format[i] : ' ') switch
            {
                '%' => "%",
                'd' => Part("dd"),
                'm' => Part("MM"),
                'b' => Part("MMM"),
                'B' => Part("MMMM"),
                'y' => Part("yy"),
                'Y' => Part("yyyy"),
                'a' => Part("ddd"),
                'A' => Part("dddd"),
                'H' => Part("HH"),
                'I' => Part("hh"),
                'M' => Part("mm"),
                'S' => Part("ss"),
                'p' => Part("tt"),
                _ => throw context.Error($"'strftime_now' has a field in '{format}' that is not supported; expected one of % d m b B y Y a A H I M S p"),
            });
        }

        return text.ToString();
        string Part(string part) => now.ToString(part, CultureInfo.InvariantCulture);
    }
}
