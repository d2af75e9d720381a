// README: begin
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using PauseOnnx.Extensions.AI;

// README: end
namespace PauseOnnx.Tests.Readme;

/// <summary>The chat example of README.md; <see cref="ReadmeTests"/> runs it and compares it with the text.</summary>
internal static class ChatExample
{
    public static async Task RunAsync()
    {
        // README: begin
        using var services = new ServiceCollection()
            .AddPauseModel("artifacts/models/chat")
            .AddPauseChatClient()
            .BuildServiceProvider();

        var client = services.GetRequiredService<IChatClient>();
        List<ChatMessage> chat = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "Why is the sky blue?")];
        var answer = await client.GetResponseAsync(chat, new() { Temperature = 0.7f, MaxOutputTokens = 64 });
        Console.WriteLine(answer.Text);

        chat.AddRange(answer.Messages);
        chat.Add(new(ChatRole.User, "And at sunset?"));
        await foreach (var update in client.GetStreamingResponseAsync(chat))
        {
            Console.Write(update.Text);
        }
        // README: end
    }
}
