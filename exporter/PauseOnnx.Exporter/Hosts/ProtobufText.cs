using System.Text;

namespace PauseOnnx.Exporter.Hosts;

/// <summary>Writes messages in protobuf's text format, one field a line.</summary>
/// <remarks>See <see href="https://protobuf.dev/reference/protobuf/textformat-spec/">the format</see>.</remarks>
internal sealed class ProtobufText
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>A remark for people.</summary>
    public void Comment(string text) => Line($"# {text}");

    /// <summary>A field that holds a string.</summary>
    public void Text(string name, string value) => Line($"{name}: {Quote(value)}");

    /// <summary>A field that holds a number.</summary>
    public void Number(string name, long value) => Line($"{name}: {value}");

    /// <summary>A field that holds a list of numbers.</summary>
    public void Numbers(string name, IEnumerable<long> values) => Line($"{name}: [{string.Join(", ", values)}]");

    /// <summary>A field that holds one of an enumeration's words.</summary>
    public void Word(string name, string value) => Line($"{name}: {value}");

    /// <summary>A field that holds a message; a field that holds several is written once for each.</summary>
    /// <param name="name">The field.</param>
    /// <param name="writeFields">Writes the message's own fields.</param>
    public void Message(string name, Action writeFields)
    {
        Line($"{name} {{");
        _depth++;
        writeFields();
        _depth--;
        Line("}");
    }

    public override string ToString() => _text.ToString();

    private void Line(string text) => _text.Append(' ', 2 * _depth).Append(text).Append('\n');

    private static string Quote(string value)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or '\x7f' => quoted.Append('\\').Append(Convert.ToString(c, 8).PadLeft(3, '0')),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
