using System.Text;
using System.Text.Unicode;

namespace PauseOnnx.Model;

/// <summary>Turns ids into text as they arrive and holds back bytes until their UTF-8 character is complete.</summary>
/// <remarks>
/// For one sequence and one thread; made by <see cref="Tokenizer.CreateDecoder"/>. The pieces together are what
/// <see cref="Tokenizer.Decode"/> gives, but where a vocabulary of characters has bytes as well: it replaces all bytes in a
/// row when one of them is wrong, also those whose characters had been given away before.
/// </remarks>
public sealed class StreamingDecoder
{
    private const string Replacement = "\uFFFD";

    private readonly Tokenizer _tokenizer;
    private readonly DecodingRules _rules;
    private readonly bool _holdsRuns;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly List<byte> _run = [];
    private bool _isFirst;
    private int _toStrip;

    internal StreamingDecoder(Tokenizer tokenizer, DecodingRules rules, bool holdsRuns)
    {
        (_tokenizer, _rules, _holdsRuns) = (tokenizer, rules, holdsRuns);
        Restart();
    }

    /// <summary>The characters that an id completes; empty when it completes none or is a special token.</summary>
    /// <remarks>Bytes that are not UTF-8 become U+FFFD.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string Append(int id)
    {
        if (_tokenizer.TextOf(id) is not { } token)
        {
            return "";
        }

        if (_rules.IsByteLevel)
        {
            return Convert(token.Bytes, flush: false);
        }

        if (token.IsBytes)
        {
            _isFirst = false;
            _run.AddRange(token.Bytes);
            return _holdsRuns || !IsRunValid() ? "" : EndRun();
        }

        var text = EndRun() + MarkSpaces(token.Text);
        _isFirst = false;
        return Strip(text);
    }

    /// <summary>U+FFFD when the last character was left incomplete, else nothing. The decoder can be used for another sequence.</summary>
    public string Flush()
    {
        var rest = _rules.IsByteLevel ? Convert([], flush: true) : EndRun();
        Restart();
        return rest;
    }

    private void Restart() => (_isFirst, _toStrip) = (true, _rules.StripCount);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        return new string(characters, 0, _decoder.GetChars(bytes, characters, flush));
    }

    private bool IsRunValid() => Utf8.IsValid(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_run));

    // One replacement a byte, as in Hugging Face's decoder.
    private string EndRun()
    {
        var text = IsRunValid() ? Encoding.UTF8.GetString([.. _run]) : string.Concat(Enumerable.Repeat(Replacement, _run.Count));
        _run.Clear();
        return Strip(text);
    }

    private string MarkSpaces(string text) => _rules.SpaceMark is not { } mark ? text
        : _isFirst && _rules.FirstLosesSpaces ? text.Replace(mark.ToString(), "", StringComparison.Ordinal)
        : text.Replace(mark, ' ');

    private string Strip(string text)
    {
        var start = 0;
        while (_toStrip > 0 && start < text.Length)
        {
            _toStrip = text[start] == _rules.Stripped ? _toStrip - 1 : 0;
            start += text[start] == _rules.Stripped ? 1 : 0;
        }

        return text[start..];
    }
}
