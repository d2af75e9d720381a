using System.CommandLine;
using System.Text;
using Microsoft.Extensions.AI;
using PauseOnnx.CommandLine;
using PauseOnnx.Extensions.AI;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx chat</c>: talks with an exported model that was trained to chat.</summary>
internal static class ChatCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "Folder written by 'pauseonnx export' from a checkpoint with a chat template." };

    private static readonly Option<string?> SystemText = new("--system") { Description = "What the model is told first.", HelpName = "TEXT" };

    private static readonly LoadOptions Load = new();

    private static readonly AnswerOptions Answer = new();

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("chat", """
            Talks with an exported model by its own chat template, with pauses before each answer. What was computed is kept, so
            a turn costs only what is new in it. Each line is a message; '/back' takes back the last exchange, '/new' begins
            anew, and an empty line ends. Messages can be piped, one a line.

            Examples:
              pauseonnx chat artifacts/models/smollm
              pauseonnx chat artifacts/models/smollm --system "Answer in one sentence." --temperature 0.7 --max-new-tokens 200
              pauseonnx chat artifacts/models/smollm --precision int4 --threads 2
            """) { Model, SystemText };
        Answer.AddTo(command);
        Load.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var client = PauseChatClient.Load(parsed.GetRequiredValue(Model), Load.Read(parsed), new() { Generation = Answer.Read(parsed) });
        ChatMessage[] beginning = parsed.GetValue(SystemText) is { } text ? [new(ChatRole.System, text)] : [];
        var chat = beginning.ToList();
        await LineReader.ForEachAsync("Messages, one a line; '/back', '/new', or an empty line to end.", async line =>
        {
            if (line is "/new" or "/back")
            {
                var kept = line == "/new" ? beginning.Length : Math.Max(chat.Count - 2, beginning.Length);
                chat.RemoveRange(kept, chat.Count - kept);
                Console.WriteLine($"{(chat.Count - beginning.Length) / 2} exchanges left");
                return;
            }

            // A message that cannot be answered is no part of the chat.
            var message = new ChatMessage(ChatRole.User, line);
            var answer = await AnswerAsync(client, [.. chat, message], cancellationToken).ConfigureAwait(false);
            chat.AddRange([message, new ChatMessage(ChatRole.Assistant, answer)]);
        }, cancellationToken).ConfigureAwait(false);
        return CommandHost.Success;
    }

    private static async Task<string> AnswerAsync(PauseChatClient client, List<ChatMessage> chat, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        async IAsyncEnumerable<string> PiecesAsync()
        {
            await foreach (var update in client.GetStreamingResponseAsync(chat, null, cancellationToken).ConfigureAwait(false))
            {
                text.Append(update.Text);
                yield return update.Text;
            }
        }

        await AnswerPrinter.PrintAsync(PiecesAsync()).ConfigureAwait(false);
        Console.WriteLine();
        return text.ToString();
    }
}
