using System.Globalization;
using System.Text;

namespace PauseOnnx.Model.Chat;

/// <summary>
/// Cuts a template into tokens. Whitespace around tags is treated as Hugging Face sets Jinja up: a block tag takes the
/// newline after it (trim_blocks) and the blanks before it on its line (lstrip_blocks); a <c>-</c> takes all whitespace on
/// its side, a <c>+</c> none. One newline at the template's end is dropped.
/// </summary>
/// <param name="template">The template, with newlines as <c>\n</c>.</param>
internal sealed class JinjaLexer(string template)
{
    private static readonly string[] Operators =
        ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly List<JinjaToken> _tokens = [];
    private int _at;

    // Whether only blanks were left on the line before the next text: at the start, or after a tag that took its newline.
    private bool _startsLine = true;

    /// <summary>Newlines as Jinja reads them.</summary>
    public static string Normalize(string template)
    {
        var text = template.ReplaceLineEndings("\n");
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    /// <summary>All tokens; the last is <see cref="JinjaTokenKind.End"/>.</summary>
    /// <exception cref="JinjaException">A tag or string is not closed, or a character belongs nowhere.</exception>
    public List<JinjaToken> Read()
    {
        while (_at < template.Length)
        {
            var tag = NextTag(_at);
            AddText(_at, tag);
            if (tag == template.Length)
            {
                break;
            }

            ReadTag(tag);
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.End, "", template.Length));
        return _tokens;
    }

    private int NextTag(int from)
    {
        for (var i = template.IndexOf('{', from); i >= 0 && i + 1 < template.Length; i = template.IndexOf('{', i + 1))
        {
            if (template[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return template.Length;
    }

    private void AddText(int start, int tag)
    {
        var text = template[start..tag];
        var sign = tag + 2 < template.Length ? template[tag + 2] : ' ';
        if (tag < template.Length && sign == '-')
        {
            text = text.TrimEnd();
        }
        else if (tag < template.Length && sign != '+' && template[tag + 1] != '{')
        {
            var line = text.LastIndexOf('\n') + 1;
            if ((line > 0 || _startsLine) && string.IsNullOrWhiteSpace(text[line..]))
            {
                text = text[..line];
            }
        }

        if (text.Length > 0)
        {
            _tokens.Add(new JinjaToken(JinjaTokenKind.Text, text, start));
        }
    }

    private void ReadTag(int start)
    {
        var kind = template[start + 1];
        _at = start + 2;
        if (_at < template.Length && template[_at] is '-' or '+' && !(kind == '{' && template[_at] == '+'))
        {
            _at++;
        }

        if (kind == '#')
        {
            var end = template.IndexOf("#}", _at, StringComparison.Ordinal);
            _at = end < 0 ? throw new JinjaException("A comment '{#' is not closed", start) : end + 2;
            AfterTag(template[end - 1], isOutput: false);
            return;
        }

        var (begin, close, closing) = kind == '{'
            ? (JinjaTokenKind.OutputBegin, JinjaTokenKind.OutputEnd, "}}")
            : (JinjaTokenKind.BlockBegin, JinjaTokenKind.BlockEnd, "%}");
        _tokens.Add(new JinjaToken(begin, template[start..(start + 2)], start));
        for (var braces = 0; !TryClose(close, closing, braces, start);)
        {
            var token = ReadToken();
            braces += token.Is("{") ? 1 : token.Is("}") ? -1 : 0;
            _tokens.Add(token);
        }
    }

    private bool TryClose(JinjaTokenKind kind, string closing, int braces, int start)
    {
        while (_at < template.Length && char.IsWhiteSpace(template[_at]))
        {
            _at++;
        }

        if (_at == template.Length)
        {
            throw new JinjaException($"A tag '{template[start..(start + 2)]}' is not closed", start);
        }

        var sign = template[_at];
        var end = sign == '-' || (sign == '+' && closing[0] == '%') ? _at + 1 : _at;
        if (braces > 0 || string.CompareOrdinal(template, end, closing, 0, 2) != 0)
        {
            return false;
        }

        _tokens.Add(new JinjaToken(kind, closing, _at));
        _at = end + 2;
        AfterTag(sign, isOutput: closing[0] == '}');
        return true;
    }

    private void AfterTag(char sign, bool isOutput)
    {
        var from = _at;
        if (sign == '-')
        {
            while (_at < template.Length && char.IsWhiteSpace(template[_at]))
            {
                _at++;
            }
        }
        else if (!isOutput && sign != '+' && _at < template.Length && template[_at] == '\n')
        {
            _at++;
        }

        _startsLine = _at > from && template[_at - 1] == '\n';
    }

    private JinjaToken ReadToken()
    {
        var (start, first) = (_at, template[_at]);
        if (first is '\'' or '"')
        {
            return new JinjaToken(JinjaTokenKind.String, ReadString(first), start);
        }

        if (char.IsAsciiDigit(first))
        {
            return ReadNumber(start);
        }

        if (char.IsLetter(first) || first == '_')
        {
            while (_at < template.Length && (char.IsLetterOrDigit(template[_at]) || template[_at] == '_'))
            {
                _at++;
            }

            return new JinjaToken(JinjaTokenKind.Name, template[start.._at], start);
        }

        var found = Operators.FirstOrDefault(o => string.CompareOrdinal(template, start, o, 0, o.Length) == 0)
            ?? throw new JinjaException($"Character '{first}' belongs to no expression", start);
        _at += found.Length;
        return new JinjaToken(JinjaTokenKind.Operator, found, start);
    }

    private JinjaToken ReadNumber(int start)
    {
        void Digits()
        {
            while (_at < template.Length && (char.IsAsciiDigit(template[_at]) || template[_at] == '_'))
            {
                _at++;
            }
        }

        bool NextIsDigit(int index) => index < template.Length && char.IsAsciiDigit(template[index]);
        Digits();
        var kind = JinjaTokenKind.Integer;
        if (_at < template.Length && template[_at] == '.' && NextIsDigit(_at + 1))
        {
            _at++;
            Digits();
            kind = JinjaTokenKind.Float;
        }

        if (_at < template.Length && template[_at] is 'e' or 'E' && (NextIsDigit(_at + 1) || (_at + 1 < template.Length && template[_at + 1] is '-' or '+' && NextIsDigit(_at + 2))))
        {
            _at += 2;
            Digits();
            kind = JinjaTokenKind.Float;
        }

        return new JinjaToken(kind, template[start.._at].Replace("_", "", StringComparison.Ordinal), start);
    }

    private string ReadString(char quote)
    {
        var (start, text) = (_at++, new StringBuilder());
        while (_at < template.Length && template[_at] != quote)
        {
            if (template[_at] == '\\')
            {
                ReadEscape(text);
            }
            else
            {
                text.Append(template[_at++]);
            }
        }

        if (_at == template.Length)
        {
            throw new JinjaException("A string is not closed", start);
        }

        _at++;
        return text.ToString();
    }

    // Those of Python's string literals; an unknown one stands for itself.
    private void ReadEscape(StringBuilder text)
    {
        var start = _at++;
        if (_at == template.Length)
        {
            throw new JinjaException("A string is not closed", start);
        }

        var letter = template[_at++];
        var simple = "\\'\"abfnrtv".IndexOf(letter, StringComparison.Ordinal);
        if (simple >= 0)
        {
            text.Append("\\'\"\a\b\f\n\r\t\v"[simple]);
        }
        else if (letter is 'x' or 'u' or 'U')
        {
            text.Append(ReadCodePoint(start, letter switch { 'x' => 2, 'u' => 4, _ => 8 }));
        }
        else if (letter != '\n')
        {
            text.Append('\\').Append(letter);
        }
    }

    private string ReadCodePoint(int start, int digits)
    {
        var end = Math.Min(_at + digits, template.Length);
        var isNumber = uint.TryParse(template.AsSpan(_at, end - _at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code);
        _at = end;
        return isNumber && code <= 0x10FFFF
            ? code <= 0xFFFF ? ((char)code).ToString() : char.ConvertFromUtf32((int)code)
            : throw new JinjaException($"'{template[start..end]}' is no character", start);
    }
}
