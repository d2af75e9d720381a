using System.Runtime.CompilerServices;
using System.Text;

namespace PauseOnnx.Model.Chat;

/// <summary>The filter tojson as Hugging Face sets it up: Python's json.dumps, characters outside ASCII as they are.</summary>
internal static class JinjaJson
{
    /// <summary>A value as JSON.</summary>
    /// <param name="value">No undefined in it.</param>
    /// <param name="indent">Spaces a level; null for one line.</param>
    /// <param name="context">Where.</param>
    /// <exception cref="JinjaException">There is an undefined value, or it is too large.</exception>
    public static string Write(object? value, int? indent, JinjaContext context)
    {
        var text = new StringBuilder();
        Write(value, 0);
        return text.ToString();

        void Write(object? part, int depth)
        {
            if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            {
                throw context.Error("The value is nested too deep");
            }

            context.Budget.Charge(1 + ((indent ?? 0) * depth), context.Position);
            switch (part)
            {
                case null:
                    text.Append("null");
                    break;
                case bool flag:
                    text.Append(flag ? "true" : "false");
                    break;
                case string characters:
                    context.Budget.Charge(characters.Length, context.Position);
                    WriteString(text, characters);
                    break;
                case IReadOnlyDictionary<string, object?> dictionary:
                    WriteItems('{', '}', dictionary, depth, item => { WriteString(text, item.Key); text.Append(": "); Write(item.Value, depth + 1); });
                    break;
                case IReadOnlyList<object?> list:
                    WriteItems('[', ']', list, depth, item => Write(item, depth + 1));
                    break;
                default:
                    text.Append(part is JinjaUndefined ? throw context.Error("Filter 'tojson' of what is undefined") : JinjaValues.TextOf(part));
                    break;
            }
        }

        void WriteItems<T>(char open, char close, IReadOnlyCollection<T> items, int depth, Action<T> write)
        {
            var isFirst = true;
            text.Append(open);
            foreach (var item in items)
            {
                text.Append(isFirst ? "" : indent is null ? ", " : ",");
                isFirst = false;
                NewLine(depth + 1);
                write(item);
            }

            if (!isFirst)
            {
                NewLine(depth);
            }

            text.Append(close);
        }

        void NewLine(int depth)
        {
            if (indent is { } spaces)
            {
                text.Append('\n').Append(' ', spaces * depth);
            }
        }
    }

    private static void WriteString(StringBuilder text, string characters)
    {
        text.Append('"');
        foreach (var c in characters)
        {
            var simple = "\"\\\b\f\n\r\t".IndexOf(c, StringComparison.Ordinal);
            _ = simple >= 0 ? text.Append('\\').Append("\"\\bfnrt"[simple])
                : c < ' ' ? text.Append($"\\u{(int)c:x4}")
                : text.Append(c);
        }

        text.Append('"');
    }
}
