using System.Text.Json;

namespace PauseOnnx.Model.Chat;

/// <summary>
/// How a model wants a chat written out: the <c>chat_template</c> of Hugging Face's tokenizers, in the subset of Jinja that
/// the templates of the supported families use (<see href="https://huggingface.co/docs/transformers/chat_templating"/>).
/// </summary>
/// <remarks>
/// Thread-safe. Supported are text, outputs, if, for, set, namespaces, Python's operators, slices, and the filters, tests,
/// methods and functions that messages about others list; tools and documents are none. A rendering that takes more than 20
/// million steps and characters is stopped. The text holds the special tokens, the beginning of text included:
/// encode it with <see cref="Tokenizer.Encode(string, bool)"/> without adding any.
/// </remarks>
public sealed class ChatTemplate
{
    private static readonly string[] SpecialTokens = ["bos_token", "eos_token", "pad_token", "unk_token"];

    private readonly string _file;
    private readonly List<JinjaNode> _nodes;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;
    private readonly TimeProvider _clock;

    private ChatTemplate(string source, string file, IReadOnlyDictionary<string, string> specialTokens, TimeProvider? clock)
    {
        (Source, _file, _specialTokens, _clock) = (JinjaLexer.Normalize(source), file, specialTokens, clock ?? TimeProvider.System);
        try
        {
            _nodes = JinjaParser.Parse(Source);
        }
        catch (JinjaException e)
        {
            throw new ModelFormatException(Describe(e), e);
        }
    }

    /// <summary>The template's text, with newlines as <c>\n</c>.</summary>
    public string Source { get; }

    /// <summary>Reads a folder's template: chat_template.jinja, else the key of tokenizer_config.json.</summary>
    /// <param name="folder">A checkpoint or an exported model folder.</param>
    /// <param name="name">Which one, where there are several.</param>
    /// <returns>null when the folder has no template, as with models that do not chat.</returns>
    /// <exception cref="ModelFormatException">
    /// A file is not valid, has no template of that name, or uses what is not supported: its name, line and column are given.
    /// </exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ChatTemplate? Load(string folder, string name = "default")
    {
        var configFile = Path.Combine(folder, FileNames.TokenizerConfig);
        var faults = new List<string>();
        var fields = File.Exists(configFile) ? new JsonFields(JsonFields.ParseObject(configFile), "", faults) : null;
        var special = SpecialTokens.Where(t => fields?.Has(t) == true).ToDictionary(t => t, t => fields!.TokenText(t));
        var file = Path.Combine(folder, FileNames.ChatTemplate);
        var source = File.Exists(file) && name == "default" ? File.ReadAllText(file) : null;
        if (source is null && fields is not null)
        {
            (source, file) = (ReadNamed(fields, name), configFile);
        }

        ModelFormatException.ThrowIfAny(faults, configFile);
        return source is null ? null : new ChatTemplate(source, file, special, null);
    }

    /// <summary>Parses a template.</summary>
    /// <param name="template">Its text.</param>
    /// <param name="specialTokens">Variables such as bos_token and eos_token; null for none.</param>
    /// <param name="clock">Tells the date to templates that print it; null for the system's.</param>
    /// <exception cref="ModelFormatException">It is not valid, or uses what is not supported: its name, line and column are given.</exception>
    public static ChatTemplate Parse(string template, IReadOnlyDictionary<string, string>? specialTokens = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(template);
        return new ChatTemplate(template, "chat_template", specialTokens ?? new Dictionary<string, string>(), clock);
    }

    /// <summary>Writes messages out as the model was trained to read them.</summary>
    /// <param name="messages">The chat so far.</param>
    /// <param name="addGenerationPrompt">Whether the beginning of an answer follows.</param>
    /// <param name="variables">
    /// What else the template asks for, such as <c>enable_thinking</c>: strings, booleans, integers, numbers; null for nothing.
    /// </param>
    /// <exception cref="ChatTemplateException">The template refuses the messages, fails on them, or costs too much.</exception>
    /// <exception cref="ArgumentException">A variable is of another type.</exception>
    public string Render(
        IReadOnlyList<ChatTemplateMessage> messages, bool addGenerationPrompt = true, IReadOnlyDictionary<string, object?>? variables = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var all = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = messages.Select(ToValue).ToList(),
            ["tools"] = null,
            ["documents"] = null,
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        foreach (var (name, value) in _specialTokens.Select(t => KeyValuePair.Create(t.Key, (object?)t.Value)).Concat(variables ?? new Dictionary<string, object?>()))
        {
            all[name] = value switch
            {
                int number => (long)number,
                float number => (double)number,
                null or string or bool or long or double => value,
                _ => throw new ArgumentException($"Variable '{name}' is a {value.GetType().Name}; expected a string, boolean, integer or number.", nameof(variables)),
            };
        }

        try
        {
            return new JinjaEvaluator(new JinjaBudget(JinjaBudget.Default), _clock).Render(_nodes, all);
        }
        catch (JinjaException e)
        {
            throw new ChatTemplateException(Describe(e), e);
        }
    }

    private static object? ToValue(ChatTemplateMessage message) =>
        new OrderedDictionary<string, object?>(StringComparer.Ordinal) { ["role"] = message.Role, ["content"] = message.Content };

    // A string, or a list of named ones.
    private static string? ReadNamed(JsonFields fields, string name)
    {
        const string key = "chat_template";
        if (fields.Raw(key) is not { ValueKind: JsonValueKind.Array } list)
        {
            return name == "default" && fields.Has(key) ? fields.Text(key) : null;
        }

        var found = list.EnumerateArray().FirstOrDefault(t => Field(t, "name") == name);
        if (Field(found, "template") is not { } template)
        {
            fields.Fault($"'{key}' has no template named '{name}'; expected one of {string.Join(", ", list.EnumerateArray().Select(t => Field(t, "name")))}");
            return null;
        }

        return template;
    }

    private static string? Field(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private string Describe(JinjaException e)
    {
        var before = Source.AsSpan(0, Math.Min(e.Position, Source.Length));
        return $"{e.Message} at line {before.Count('\n') + 1}, column {before.Length - before.LastIndexOf('\n')} of the chat template ({_file}).";
    }
}
