using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Model;
using PauseOnnx.Tests.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public sealed class ChatCommandTests : IDisposable
{
    private readonly RuntimeModel _tiny = new("gpt2");
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ChatCommandTests()
    {
        _model = _tiny.CopyTo(_folder["model"]);
        File.WriteAllText(Path.Combine(_model, FileNames.ChatTemplate), "{% for m in messages %}{{ m['content'] }} {% if m['role'] == 'user' %}a {% endif %}{% endfor %}");
    }

    public void Dispose()
    {
        _tiny.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Chat_Messages_AreAnsweredWithWhatWasSaidBefore()
    {
        var run = await RunAsync("hello\nman\n", "--max-new-tokens", "3");
        var first = Greedy("hello a ");

        // Pauses stand before both answers.
        int[] ids = [.. _tiny.Model.Tokenizer.Encode("hello a "), 20, 20, 20, 20, .. _tiny.Model.Tokenizer.Encode($"{first} man a ")];
        var second = _tiny.Model.Tokenizer.Decode(_tiny.PlainGreedy(ids, 3));
        Assert.That(run.Output, Is.EqualTo($"{first}{Environment.NewLine}{second}{Environment.NewLine}"));
        Assert.That(run.ExitCode, Is.Zero);
    }

    [Test]
    public async Task Chat_Back_AsksAsIfTheExchangeHadNotBeen()
    {
        var run = await RunAsync("kid\n/back\nhello\n/new\nhello\n", "--max-new-tokens", "3");
        var lines = run.Output.TrimEnd().Split(Environment.NewLine);
        Assert.That(lines[1], Is.EqualTo("0 exchanges left"));
        Assert.That(lines[2], Is.EqualTo(Greedy("hello a ")));
        Assert.That(lines[4], Is.EqualTo(Greedy("hello a ")));
    }

    [Test]
    public async Task Chat_MessageThatCannotBeAnswered_IsNoPartOfTheChat()
    {
        var run = await RunAsync("ZZ\nhello\n", "--max-new-tokens", "3");
        Assert.That(run.Output, Is.EqualTo($"{Greedy("hello a ")}{Environment.NewLine}"));
        Assert.That(run.Errors, Does.StartWith("Character 'Z'"));
    }

    [Test]
    public async Task Chat_ModelWithoutTemplate_SaysSo()
    {
        var run = await CommandRun.OfAsync(Program.Main, ["chat", _tiny.Folder], "hello\n");
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.StartWith("error: ").And.Contain("chat_template"));
    }

    private string Greedy(string prompt) => _tiny.Model.Tokenizer.Decode(_tiny.PlainGreedy(_tiny.Model.Tokenizer.Encode(prompt), 3));

    private Task<CommandRun> RunAsync(string input, params string[] options) => CommandRun.OfAsync(Program.Main, ["chat", _model, .. options], input);
}
