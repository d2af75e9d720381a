using System.Runtime.CompilerServices;

namespace PauseOnnx.Model.Chat;

/// <summary>Operators on values, with Python's meaning.</summary>
internal static class JinjaOperators
{
    /// <summary><c>+ - * / // %</c> and <c>~</c>.</summary>
    /// <exception cref="JinjaException">The operator does not take such values, or the result is too large.</exception>
    public static object? Apply(string name, object? left, object? right, JinjaContext context)
    {
        if (name == "~" || (name == "+" && left is string && right is string))
        {
            var (a, b) = (Text(left, context), Text(right, context));
            context.Budget.Charge(a.Length + b.Length, context.Position);
            return a + b;
        }

        if (name == "+" && left is IReadOnlyList<object?> first && right is IReadOnlyList<object?> second)
        {
            context.Budget.Charge(first.Count + second.Count, context.Position);
            return new List<object?>([.. first, .. second]);
        }

        var result = (JinjaValues.NumberOf(left), JinjaValues.NumberOf(right)) switch
        {
            (long a, long b) => OfIntegers(name, a, b, context),
            (long a, double b) => OfNumbers(name, a, b, context),
            (double a, long b) => OfNumbers(name, a, b, context),
            (double a, double b) => OfNumbers(name, a, b, context),
            _ => null,
        };
        return result ?? throw context.Error($"'{name}' does not take {JinjaValues.KindOf(left)} and {JinjaValues.KindOf(right)}");
    }

    /// <summary><c>== != &lt; &lt;= &gt; &gt;=</c>, <c>in</c> and <c>not in</c>.</summary>
    /// <exception cref="JinjaException">The values have no order, or the right one no items.</exception>
    public static bool Compare(string name, object? left, object? right, JinjaContext context) => name switch
    {
        "==" => AreEqual(left, right, context),
        "!=" => !AreEqual(left, right, context),
        "in" => Contains(right, left, context),
        "not in" => !Contains(right, left, context),
        _ => JinjaValues.Order(left, right) is not { } order
            ? throw context.Error($"'{name}' does not take {JinjaValues.KindOf(left)} and {JinjaValues.KindOf(right)}")
            : name switch
            {
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            },
    };

    /// <summary>A value as text, as <c>~</c> and outputs take it.</summary>
    /// <exception cref="JinjaException">It is a list or dictionary.</exception>
    public static string Text(object? value, JinjaContext context) =>
        JinjaValues.TextOf(value) ?? throw context.Error($"{JinjaValues.KindOf(value)} is no text; expected a string or number, or the filter 'tojson'");

    /// <summary><c>target[start:stop:step]</c> of a list or string.</summary>
    /// <exception cref="JinjaException">A bound is no integer, the step is 0, or the target has no items.</exception>
    public static object? Slice(object? target, object? start, object? stop, object? step, JinjaContext context)
    {
        long? Bound(object? value) => value switch
        {
            null => null,
            _ => JinjaValues.NumberOf(value) is long number ? number : throw context.Error($"A slice from {JinjaValues.KindOf(value)}; expected integers"),
        };
        var items = target is string or IReadOnlyList<object?>
            ? JinjaValues.ItemsOf(target)!
            : throw context.Error($"A slice of {JinjaValues.KindOf(target)}; expected a list or string");
        var by = Bound(step) ?? 1;
        if (by == 0)
        {
            throw context.Error("The step of a slice is 0");
        }

        context.Budget.Charge(items.Count, context.Position);
        var (low, high) = by > 0 ? (0, items.Count) : (-1, items.Count - 1);
        int Place(long? bound, int fallback) => bound is not { } place ? fallback : (int)Math.Clamp(place < 0 ? Math.Max(place, -items.Count - 1L) + items.Count : place, low, high);
        var (from, to) = by > 0 ? (Place(Bound(start), low), Place(Bound(stop), high)) : (Place(Bound(start), high), Place(Bound(stop), low));
        var taken = new List<object?>();
        for (long i = from; by > 0 ? i < to : i > to; i = by > 0 ? Math.Min(i + Math.Min(by, items.Count), to) : Math.Max(i + Math.Max(by, -items.Count - 1), to))
        {
            taken.Add(items[(int)i]);
        }

        return target is string ? string.Concat(taken) : taken;
    }

    /// <summary><c>target[key]</c> and <c>target.key</c>; <see cref="JinjaUndefined"/> where there is none.</summary>
    /// <exception cref="JinjaException">The target is undefined or none.</exception>
    public static object? Index(object? target, object? key, JinjaContext context)
    {
        switch (target, key)
        {
            case (IReadOnlyDictionary<string, object?> dictionary, string name):
                return dictionary.TryGetValue(name, out var value) ? value : JinjaUndefined.Value;
            case (string or IReadOnlyList<object?>, long index):
                var items = JinjaValues.ItemsOf(target)!;
                context.Budget.Charge(target is string ? items.Count : 1, context.Position);
                index += index < 0 ? items.Count : 0;
                return index >= 0 && index < items.Count ? items[(int)index] : JinjaUndefined.Value;
            case (JinjaUndefined, _):
                throw context.Error($"'{JinjaValues.TextOf(key)}' of what is undefined");
            default:
                return JinjaUndefined.Value;
        }
    }

    // Deep; true and 1 are equal.
    private static bool AreEqual(object? left, object? right, JinjaContext context)
    {
        context.Budget.Charge(Math.Min(JinjaValues.SizeOf(left), JinjaValues.SizeOf(right)) + 1, context.Position);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw context.Error("The values to compare are nested too deep");
        }

        return (left, right) switch
        {
            (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
            (bool or long or double, bool or long or double) => JinjaValues.Order(left, right) == 0,
            (IReadOnlyDictionary<string, object?> a, IReadOnlyDictionary<string, object?> b) =>
                a.Count == b.Count && a.All(item => b.TryGetValue(item.Key, out var other) && AreEqual(item.Value, other, context)),
            (IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second, context)),
            _ => ReferenceEquals(left, right),
        };
    }

    private static bool Contains(object? container, object? item, JinjaContext context)
    {
        context.Budget.Charge(JinjaValues.SizeOf(container), context.Position);
        if (container is string text)
        {
            return item is string part
                ? text.Contains(part, StringComparison.Ordinal)
                : throw context.Error($"'in' a string does not take {JinjaValues.KindOf(item)}");
        }

        return container is IReadOnlyDictionary<string, object?> dictionary
            ? item is string key && dictionary.ContainsKey(key)
            : (JinjaValues.ItemsOf(container) ?? throw context.Error($"'in' does not take {JinjaValues.KindOf(container)}")).Any(i => AreEqual(i, item, context));
    }

    private static object? OfIntegers(string name, long left, long right, JinjaContext context)
    {
        try
        {
            return name switch
            {
                "+" => (object)checked(left + right),
                "-" => checked(left - right),
                "*" => checked(left * right),
                "/" => right == 0 ? throw context.Error("A division by 0") : (double)left / right,
                _ when right == 0 => throw context.Error("A division by 0"),
                "//" => checked(left / right) - (left % right != 0 && left < 0 != right < 0 ? 1 : 0),
                _ => right == -1 ? 0 : ((left % right) + right) % right,
            };
        }
        catch (OverflowException)
        {
            throw context.Error($"'{name}' of {left} and {right} is too large for an integer");
        }
    }

    private static object? OfNumbers(string name, double left, double right, JinjaContext context) => name switch
    {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        _ when right == 0 => throw context.Error("A division by 0"),
        "/" => left / right,
        "//" => Math.Floor(left / right),
        _ => left - (right * Math.Floor(left / right)),
    };
}
