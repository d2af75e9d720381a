using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NUnit.Framework;
using PauseOnnx.Extensions.AI;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Extensions.AI;

public sealed class PauseServiceCollectionExtensionsTests : IDisposable
{
    private readonly ChatModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task AddPauseModel_AndClient_AreOneEachAndDisposedWithTheContainer()
    {
        using var log = new KeptLog();
        var provider = new ServiceCollection().AddSingleton<ILoggerFactory>(log)
            .AddPauseModel(_tiny.Folder).AddPauseChatClient(o => o.Generation = ChatModel.Greedy).BuildServiceProvider();
        Assert.That(log.Messages, Is.Empty, "loaded when asked for");
        var (model, client) = (provider.GetRequiredService<PauseModel>(), provider.GetRequiredService<IChatClient>());
        Assert.That(client.GetService<PauseModel>(), Is.SameAs(model));
        Assert.That(client.GetService<ChatClientMetadata>()!.DefaultModelId, Is.EqualTo(Path.GetFileName(_tiny.Folder)));
        Assert.That((await client.GetResponseAsync("abc")).Text, Is.Not.Empty);
        Assert.That(provider.GetRequiredService<PauseModel>(), Is.SameAs(model));
        Assert.That(log.Messages, Has.One.StartsWith($"Loaded model {_tiny.Folder} in ").And.EndsWith("; 4 pauses before an answer"));
        await provider.DisposeAsync();
        Assert.That(() => model.CreateConversation(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void AddKeyedPauseModel_TwoKeys_GiveTwoModels()
    {
        using var provider = new ServiceCollection()
            .AddKeyedPauseModel("a", o => o.Folder = _tiny.Folder).AddKeyedPauseChatClient("a", o => o.ModelId = "first")
            .AddKeyedPauseModel("b", o => (o.Folder, o.Model) = (_tiny.Folder, new() { IntraOpThreads = 1 })).AddKeyedPauseChatClient("b").BuildServiceProvider();
        var (a, b) = (provider.GetRequiredKeyedService<IChatClient>("a"), provider.GetRequiredKeyedService<IChatClient>("b"));
        Assert.That(a.GetService<PauseModel>(), Is.SameAs(provider.GetRequiredKeyedService<PauseModel>("a")));
        Assert.That(b.GetService<PauseModel>(), Is.SameAs(provider.GetRequiredKeyedService<PauseModel>("b")).And.Not.SameAs(a.GetService<PauseModel>()));
        Assert.That(a.GetService<ChatClientMetadata>()!.DefaultModelId, Is.EqualTo("first"));
        Assert.That(provider.GetService<PauseModel>(), Is.Null);
    }

    [TestCase("", "Folder is empty; expected a folder written by 'pauseonnx export'")]
    [TestCase("nowhere", "Folder 'nowhere' is missing; expected a folder written by 'pauseonnx export'")]
    public void AddPauseModel_FolderThatIsNone_IsRefusedAtTheStartAndWhenAsked(string folder, string message)
    {
        using var provider = new ServiceCollection().AddPauseModel(folder).BuildServiceProvider();
        Assert.That(() => provider.GetRequiredService<PauseModel>(), Throws.TypeOf<OptionsValidationException>().With.Message.EqualTo(message));
        Assert.That(() => provider.GetRequiredService<IStartupValidator>().Validate(), Throws.TypeOf<OptionsValidationException>().With.Message.EqualTo(message));
    }

    [Test]
    public void AddPauseChatClient_OptionsOutOfRange_AreRefused()
    {
        using var provider = new ServiceCollection().AddPauseModel(_tiny.Folder).AddPauseChatClient(o => o.MaxIdleConversations = -1).BuildServiceProvider();
        Assert.That(() => provider.GetRequiredService<IChatClient>(), Throws.TypeOf<OptionsValidationException>().With.Message.EqualTo("MaxIdleConversations is -1; expected at least 0"));
    }

    /// <summary>Keeps what is logged.</summary>
    private sealed class KeptLog : ILoggerFactory, ILogger
    {
        public List<string> Messages { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
