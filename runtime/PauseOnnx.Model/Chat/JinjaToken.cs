namespace PauseOnnx.Model.Chat;

/// <summary>What a part of a template is.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text outside tags, whitespace control applied.</summary>
    Text,

    /// <summary><c>{{</c></summary>
    OutputBegin,

    /// <summary><c>}}</c></summary>
    OutputEnd,

    /// <summary><c>{%</c></summary>
    BlockBegin,

    /// <summary><c>%}</c></summary>
    BlockEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string, escapes resolved.</summary>
    String,

    /// <summary>Digits.</summary>
    Integer,

    /// <summary>Digits with a point or an exponent.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>After the last part.</summary>
    End,
}

/// <summary>A part of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters; of a string its value.</param>
/// <param name="Position">Index of its first character in the template.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Position)
{
    /// <summary>Whether it is this name, keyword, operator or bracket.</summary>
    public bool Is(string text) => Kind is JinjaTokenKind.Name or JinjaTokenKind.Operator && Text == text;

    /// <summary>As messages show it.</summary>
    public override string ToString() => Kind switch
    {
        JinjaTokenKind.End => "the template's end",
        JinjaTokenKind.Text => "text",
        JinjaTokenKind.String => "a string",
        _ => $"'{Text}'",
    };
}
