using PauseOnnx.Exporter;
using PauseOnnx.Extensions.AI;
using PauseOnnx.Model;
using PauseOnnx.Model.Chat;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Extensions.AI;

/// <summary>A tiny exported model that chats, in the letters that its tokenizer knows.</summary>
internal sealed class ChatModel : IDisposable
{
    /// <summary>An ending after each message, and <c>o</c> before each answer.</summary>
    public const string Template =
        "{% for m in messages %}{{ {'system': 'p ', 'user': 'n ', 'assistant': 'o '}[m.role] + m.content + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ 'o ' }}{% endif %}";

    /// <summary>Id of the end of text.</summary>
    public const int Eos = 19;

    /// <summary>Id of the pause.</summary>
    public const int Pause = 20;

    private readonly RuntimeModel _tiny;

    public ChatModel(ExportTarget target = ExportTarget.Portable, bool isDynamic = false)
    {
        _tiny = new RuntimeModel(TinyCheckpoint.Configs["gpt2"] with { HeadDim = 8 }, isDynamic, o => o with { Target = target });
        RuntimeModel.SetField(Path.Combine(Folder, FileNames.TokenizerConfig), "chat_template", Template);
    }

    public string Folder => _tiny.Folder;

    public PauseModel Model => _tiny.Model;

    /// <summary>Six tokens; no half of a character, which could not be sent back.</summary>
    public static GenerationOptions Greedy { get; } = new() { MaxNewTokens = 6, LogitBias = new Dictionary<int, float> { [16] = -1000, [17] = -1000 } };

    public PauseChatClient Client(int maxIdle = 4, PausePolicy pauses = PausePolicy.EachTurn) =>
        new(Model, ChatTemplate.Load(Folder)!, new() { ModelId = "tiny", MaxIdleConversations = maxIdle, Pauses = pauses, Generation = Greedy });

    public void Dispose() => _tiny.Dispose();
}
