using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Chat;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model.Chat;

public class ChatTemplateTests
{
    private static IEnumerable<string> Formats => ChatFormats.Templates.Keys;

    [TestCaseSource(nameof(Formats))]
    public void Render_AFormatOfAFamily_GivesItsPublishedForm(string format)
    {
        var template = ChatTemplate.Parse(ChatFormats.Templates[format], ChatFormats.SpecialTokens);
        Assert.That(template.Render(ChatFormats.Chat), Is.EqualTo(ChatFormats.Renderings[format]));
    }

    [TestCaseSource(nameof(Formats))]
    public void Render_WindowsLineEndings_GivesTheSame(string format)
    {
        var template = ChatTemplate.Parse(ChatFormats.Templates[format].ReplaceLineEndings("\r\n"), ChatFormats.SpecialTokens);
        Assert.That(template.Render(ChatFormats.Chat), Is.EqualTo(ChatFormats.Renderings[format]));
    }

    [Test]
    public void Render_WithoutGenerationPrompt_EndsAfterTheLastMessage()
    {
        var rendered = ChatTemplate.Parse(ChatFormats.Templates["chatml"]).Render([new("user", "Hi")], addGenerationPrompt: false);
        Assert.That(rendered, Is.EqualTo("<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"));
    }

    [Test]
    public void Render_VariableOfTheCallers_ReachesTheTemplate()
    {
        var template = ChatTemplate.Parse(ChatFormats.Templates["qwen3"]);
        var rendered = template.Render([new("user", "a"), new("assistant", "<think>\nhm\n</think>\n\nb"), new("user", "c")], variables: new Dictionary<string, object?> { ["enable_thinking"] = false });
        Assert.That(rendered, Is.EqualTo("<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"));
        Assert.That(
            () => template.Render([new("user", "a")], variables: new Dictionary<string, object?> { ["x"] = new object() }),
            Throws.ArgumentException.With.Message.StartsWith("Variable 'x' is a Object; expected a string"));
    }

    [Test]
    public void Render_RolesThatTheTemplateRefuses_SaysWhereAndWhy() =>
        Assert.That(
            () => ChatTemplate.Parse(ChatFormats.Templates["llama2"], ChatFormats.SpecialTokens).Render([new("assistant", "Hi")]),
            Throws.TypeOf<ChatTemplateException>().With.Message.EqualTo(
                "The template refuses the messages: Roles must alternate user/assistant/user/assistant at line 10, column 12 of the chat template (chat_template)."));

    [Test]
    public void Render_TheDate_IsTheClocks()
    {
        var template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y, %A %H:%M 100%%') if strftime_now is defined }}", clock: new Clock());
        Assert.That(template.Render([]), Is.EqualTo("07 Jul 2024, Sunday 08:09 100%"));
        Assert.That(() => ChatTemplate.Parse("{{ strftime_now('%Q') }}").Render([]), Throws.TypeOf<ChatTemplateException>().With.Message.Contains("'%Q'"));
    }

    [TestCase("{% macro f() %}{% endmacro %}", "Block '{% macro %}' is not supported; expected if, for, set or generation at line 1, column 4")]
    [TestCase("a\n  {% include 'x' %}", "Block '{% include %}' is not supported; expected if, for, set or generation at line 2, column 6")]
    [TestCase("{% call f() %}", "Block '{% call %}' is not supported")]
    [TestCase("{% for a in b recursive %}{% endfor %}", "'recursive' loops are not supported at line 1, column 15")]
    [TestCase("{{ a | pprint }}", "Filter 'pprint' is not supported; expected one of capitalize, count")]
    [TestCase("{{ a is sameas b }}", "Test 'sameas' is not supported; expected one of boolean, defined")]
    [TestCase("{{ a.format(1) }}", "Method 'format' is not supported; expected one of capitalize, endswith")]
    [TestCase("{{ cycler(1) }}", "Function 'cycler' is not supported; expected one of raise_exception, range")]
    [TestCase("{{ a|trim('x', 'y') }}", "'trim' takes (chars); found more")]
    [TestCase("{{ a|default(other=1) }}", "'default' takes (default_value, boolean); found 'other'")]
    [TestCase("{{ a.startswith() }}", "'startswith' needs 'prefix'")]
    [TestCase("{{ a ** 2 }}", "Found '**'; expected '}}'")]
    [TestCase("{{ a()() }}", "Function 'a' is not supported")]
    [TestCase("{{ a[1]() }}", "Only functions and methods can be called")]
    [TestCase("{% if a %}", "The template ends; expected '{% endif %}'")]
    [TestCase("{% endfor %}", "Block '{% endfor %}' ends nothing that is open")]
    [TestCase("{{ a", "A tag '{{' is not closed")]
    [TestCase("{{ 'a }}", "A string is not closed")]
    [TestCase("{# a", "A comment '{#' is not closed")]
    [TestCase("{{ a ! b }}", "Character '!' belongs to no expression")]
    [TestCase("{{ '\\ud83g' }}", "'\\ud83g' is no character")]
    [TestCase("{{ }}", "Found '}}'; expected a value")]
    [TestCase("{{ 99999999999999999999 }}", "'99999999999999999999' is too large for an integer")]
    public void Parse_WhatIsNotSupported_IsRefusedByNameAndPlace(string template, string message) =>
        Assert.That(() => ChatTemplate.Parse(template), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith(message));

    [Test]
    public void Load_Folder_TakesTheFileThenTheKey()
    {
        using var folder = new TemporaryFolder();
        Assert.That(ChatTemplate.Load(folder.Root), Is.Null);
        void WriteConfig(JsonNode? template) => File.WriteAllText(folder[FileNames.TokenizerConfig], new JsonObject
        {
            ["bos_token"] = new JsonObject { ["content"] = "<b>" },
            ["eos_token"] = "<e>",
            ["chat_template"] = template,
        }.ToJsonString());
        string? Rendered(string name = "default") => ChatTemplate.Load(folder.Root, name)?.Render([new("user", "x")]);

        WriteConfig(null);
        Assert.That(Rendered(), Is.Null);
        WriteConfig("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token }}");
        Assert.That(Rendered(), Is.EqualTo("<b>x<e>"));
        WriteConfig(new JsonArray(
            new JsonObject { ["name"] = "tool_use", ["template"] = "tools" }, new JsonObject { ["name"] = "default", ["template"] = "plain" }));
        Assert.That(Rendered(), Is.EqualTo("plain"));
        Assert.That(Rendered("tool_use"), Is.EqualTo("tools"));
        Assert.That(() => Rendered("rag"), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("'chat_template' has no template named 'rag'; expected one of tool_use, default ("));
        File.WriteAllText(folder[FileNames.ChatTemplate], "file{{ eos_token }}\n");
        Assert.That(Rendered(), Is.EqualTo("file<e>"));
        WriteConfig(7);
        File.Delete(folder[FileNames.ChatTemplate]);
        Assert.That(() => Rendered(), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("'chat_template' is 7; expected a string ("));
    }

    /// <summary>Stands still.</summary>
    private sealed class Clock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2024, 7, 7, 8, 9, 10, TimeSpan.Zero);
    }
}
