using System.Diagnostics;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Chat;

namespace PauseOnnx.Tests.Model.Chat;

/// <summary>The language; expected values are those of Jinja 3.1 in Hugging Face's settings.</summary>
public class JinjaTests
{
    private static readonly ChatTemplateMessage[] Messages = [new("user", " a b "), new("assistant", "é😀")];

    [TestCase("  {% if true %}\nx\n  {% endif %}\ny\n", "x\ny")]
    [TestCase("a {%- if true -%} \n b \n {%- endif -%} c", "abc")]
    [TestCase("  {%+ if true +%}\nx{% endif %}", "  \nx")]
    [TestCase("  {{ 1 }}\n{{- 2 -}}\n 3", "  123")]
    [TestCase("a\n  {# note #}\nb {#- c -#} d", "a\nbd")]
    [TestCase("{{ {'a': {'b': 1}}['a']['b'] }}{ {% set x = '%}' %}{{ x }}", "1{ %}")]
    [TestCase("{{ 'a\\n\\t\\'\\u00e9\\x41\\q' \"b\" }}", "a\n\t'éA\\qb")]
    public void Template_Whitespace_IsThatOfTheSettings(string template, string expected) => Assert.That(Render(template), Is.EqualTo(expected));

    [TestCase("1 + 2 * 3 - 4 // 3", "6")]
    [TestCase("7 / 2 ~ '|' ~ 4 / 2", "3.5|2.0")]
    [TestCase("-7 // 2 ~ '|' ~ -7 % 3 ~ '|' ~ 7 % -3", "-4|2|-2")]
    [TestCase("(1.5 + 1) ~ '|' ~ (true + 1)", "2.5|2")]
    [TestCase("1 < 2 <= 2 != 3", "True")]
    [TestCase("'a' < 'b' and not 2 in [1, 3]", "True")]
    [TestCase("'' or none or 'x'", "x")]
    [TestCase("'b' in 'abc' and 'role' in messages[0] and 'x' not in foo", "True")]
    [TestCase("1 if false", "")]
    [TestCase("1 if false else 2 if false else 3", "3")]
    [TestCase("none ~ true ~ foo", "NoneTrue")]
    [TestCase("[1, 2] == (1, 2.0) and {'a': [1]} == {'a': [true]}", "True")]
    [TestCase("(messages[1:][0].content, 'x')[-1]", "x")]
    [TestCase("'abcdef'[1:-1:2] ~ 'abc'[::-1] ~ 'abc'[5:] ~ messages[1].content[1]", "bdcba😀")]
    [TestCase("messages[::-1][0]['role'] ~ messages[9] ~ messages[0].foo", "assistant")]
    [TestCase("messages[1].content|length ~ messages|length ~ foo|length", "220")]
    [TestCase("messages[0].content|trim|upper ~ 'x'.title() ~ 'hello big world'.title()", "A BXHello Big World")]
    [TestCase("foo|default('a') ~ ''|default('b') ~ ''|default('c', true)", "ac")]
    [TestCase("['a', 'b']|join('-') ~ messages|map(attribute='role')|join(',')", "a-buser,assistant")]
    [TestCase("messages|selectattr('role', 'equalto', 'user')|list|length ~ messages|rejectattr('nope')|list|length", "12")]
    [TestCase("[1, 2, 3]|select('odd')|list|last ~ [0, 1]|reject|first ~ 'abc'|reverse", "30cba")]
    [TestCase("{'b': 1, 'a': [none, true, 1.0, 'é\"\\n']}|tojson", "{\"b\": 1, \"a\": [null, true, 1.0, \"é\\\"\\n\"]}")]
    [TestCase("{'a': [1], 'b': {}}|tojson(indent=2)", "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")]
    [TestCase("' a,b,c '.strip().split(',', 1)[1] ~ ' a  b '.split()|length", "b,c2")]
    [TestCase("'xaxbx'.strip('x') ~ 'xax'.lstrip('x') ~ 'xax'.rstrip('x') ~ 'aXa'.replace('a', 'bb')", "axbaxxabbXbb")]
    [TestCase("'abc'.startswith('ab') ~ 'abc'.endswith('ab')", "TrueFalse")]
    [TestCase("{'k': 'v'}.items()|first|join('=') ~ {'k': 'v'}.get('x', 'y') ~ dict(a=1).keys()|join", "k=vya")]
    [TestCase("range(1, 7, 2)|join ~ range(3)|join ~ ('12'|int + 1)", "13501213")]
    [TestCase("foo is defined ~ none is none ~ 'a' is string ~ 1 is not string", "FalseTrueTrueTrue")]
    [TestCase("messages is iterable ~ messages[0] is mapping ~ 1 is number ~ 4 is divisibleby 2 ~ 1 is in [1]", "TrueTrueTrueTrueTrue")]
    [TestCase("false is false ~ 0 is false ~ true is boolean ~ 1 is integer ~ 1.0 is float", "TrueFalseTrueTrueTrue")]
    public void Expression_OfTheSubset_HasPythonsValue(string expression, string expected) =>
        Assert.That(Render("{{ " + expression + " }}"), Is.EqualTo(expected));

    [TestCase("{% for x in 'ab' %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ x }};{% endfor %}", "10TrueFalsea;21FalseTrueb;")]
    [TestCase("{% for k, v in {'a': 1, 'b': 2}.items() if k != 'a' %}{{ k }}{{ v }}{{ loop.length }}{% endfor %}", "b21")]
    [TestCase("{% for x in [] %}a{% else %}none{% endfor %}", "none")]
    [TestCase("{% for x in [1, 2, 3] %}{{ loop.previtem }}<{{ x }}<{{ loop.nextitem }} {% endfor %}", "<1<2 1<2<3 2<3< ")]
    [TestCase("{% set a = 1 %}{% for x in [1] %}{% set a = 2 %}{{ a }}{% endfor %}{{ a }}", "21")]
    [TestCase("{% set n = namespace(a=1) %}{% for x in [1] %}{% set n.a = 2 %}{% endfor %}{{ n.a }}", "2")]
    [TestCase("{% set a %}x{{ 1 }}{% endset %}{{ a|upper }}", "X1")]
    [TestCase("{% if foo %}a{% elif 0 %}b{% elif 'x' %}c{% else %}d{% endif %}", "c")]
    [TestCase("{% if true %}{% set a = 1 %}{% endif %}{{ a }}", "1")]
    [TestCase("{% for m in messages %}{% generation %}{{ m.role }}{% endgeneration %}{% endfor %}", "userassistant")]
    public void Block_OfTheSubset_DoesWhatJinjasDoes(string template, string expected) => Assert.That(Render(template), Is.EqualTo(expected));

    [TestCase("{{ 'a' + 1 }}", "'+' does not take a string and an integer at line 1, column 8")]
    [TestCase("{{ 1 < 'a' }}", "'<' does not take an integer and a string")]
    [TestCase("{{ foo.bar }}", "'bar' of what is undefined")]
    [TestCase("{{ foo + 'a' }}", "'+' does not take undefined and a string")]
    [TestCase("{{ none.strip() }}", "Method 'strip' of none; expected a string")]
    [TestCase("{{ messages }}", "a list is no text; expected a string or number, or the filter 'tojson'")]
    [TestCase("{% for x in 1 %}{% endfor %}", "A loop over an integer; expected a list")]
    [TestCase("{% for x, y in [1] %}{% endfor %}", "An item of the loop is an integer; expected 2 values")]
    [TestCase("{% set messages.a = 1 %}", "'messages' is no namespace")]
    [TestCase("{{ 1 // 0 }}", "A division by 0")]
    [TestCase("{{ 9223372036854775807 + 1 }}", "'+' of 9223372036854775807 and 1 is too large")]
    [TestCase("{{ 'abc'[::0] }}", "The step of a slice is 0")]
    [TestCase("{{ 'a'.split('') }}", "The separator of 'split' is empty")]
    [TestCase("{{ foo|tojson }}", "Filter 'tojson' of what is undefined")]
    [TestCase("{{ messages|map('nope')|list }}", "There is no filter 'nope'")]
    [TestCase("{{ range(1000000) }}", "'range' has more than 100000 numbers")]
    public void Evaluation_ThatFails_SaysWhatAndWhere(string template, string message) =>
        Assert.That(() => Render(template), Throws.TypeOf<ChatTemplateException>().With.Message.StartsWith(message));

    [TestCase("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")]
    [TestCase("{% set n = namespace(x='xxxxxxxx') %}{% for a in range(99999) %}{% set n.x = n.x + n.x %}{% endfor %}")]
    [TestCase("{% set n = namespace(x=[1]) %}{% for a in range(99999) %}{% set n.x = n.x + n.x %}{% endfor %}")]
    [TestCase("{% set n = namespace(x='xxxxxxxx') %}{% for a in range(99999) %}{% set n.x = n.x.replace('x', n.x) %}{% endfor %}")]
    [TestCase("{% set n = namespace(x=['xxxxxxxx']) %}{% for a in range(99999) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}")]
    [TestCase("{% set n = namespace(x=[1]) %}{% for a in range(99999) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x == n.x[:] }}")]
    [TestCase("{% for a in range(99999) %}{{ messages|map(attribute='role')|join(range(999)|join) }}{% endfor %}")]
    public void Evaluation_WithoutEnd_IsStopped(string template)
    {
        var watch = Stopwatch.StartNew();
        Assert.That(() => Render(template), Throws.TypeOf<ChatTemplateException>());
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)));
    }

    [Test]
    public void Template_NestedTooDeep_IsRefused()
    {
        static string Times(string text) => string.Concat(Enumerable.Repeat(text, 200_000));
        Assert.That(() => Render("{{ " + Times("(") + "1" + Times(")") + " }}"), Throws.TypeOf<ModelFormatException>());
        Assert.That(() => Render("{{ " + Times("not ") + "1 }}"), Throws.TypeOf<ModelFormatException>());
        Assert.That(() => Render("{{ 1" + Times(" + 1") + " }}"), Throws.TypeOf<ChatTemplateException>());
        Assert.That(() => Render(Times("{% if 1 %}") + Times("{% endif %}")), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Template_SpoiltAtRandom_RendersOrIsRefusedAndNeverElse()
    {
        const string Letters = " \n-'\"{}%|.()[]+~:=ae1#,<";
        var random = new Random(1);
        var sources = ChatFormats.Templates.Values.ToArray();
        var rendered = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var template = sources[random.Next(sources.Length)];
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(template.Length);
                template = random.Next(3) switch
                {
                    0 => template.Remove(at, Math.Min(random.Next(1, 4), template.Length - at)),
                    1 => template.Insert(at, $"{Letters[random.Next(Letters.Length)]}"),
                    _ => template.Insert(at, Piece(template, random.Next(template.Length))),
                };
            }

            try
            {
                ChatTemplate.Parse(template, ChatFormats.SpecialTokens).Render(Messages);
                rendered++;
            }
            catch (Exception e) when (e is ModelFormatException or ChatTemplateException)
            {
                Assert.That(e.Message, Does.EndWith("of the chat template (chat_template)."));
            }
        }

        Assert.That(rendered, Is.GreaterThan(1000));
    }

    private static string Piece(string template, int start) => template.Substring(start, Math.Min(9, template.Length - start));

    private static string Render(string template) => ChatTemplate.Parse(template).Render(Messages);
}
