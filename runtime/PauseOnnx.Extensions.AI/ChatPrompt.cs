using PauseOnnx.Model;
using PauseOnnx.Model.Chat;
using PauseOnnx.Runtime;

namespace PauseOnnx.Extensions.AI;

/// <summary>A chat as tokens, with pauses where its answers begin.</summary>
/// <param name="Ids">Tokens of the rendered chat, <c>&lt;pause&gt;</c> included.</param>
/// <param name="PauseCount">How many of them are <c>&lt;pause&gt;</c>.</param>
/// <param name="LastPauses">How many of those stand at the end, before the answer to come.</param>
internal sealed record ChatPrompt(int[] Ids, int PauseCount, int LastPauses)
{
    /// <summary>Writes a chat out. The same messages give the same ids, whatever was computed before.</summary>
    /// <param name="template">How.</param>
    /// <param name="tokenizer">To ids.</param>
    /// <param name="request">The chat.</param>
    /// <param name="policy">Before which answers pauses stand.</param>
    /// <param name="pauseCount">M_inf, in tokens.</param>
    /// <exception cref="ChatTemplateException">The template refuses the chat, or fails on it.</exception>
    /// <exception cref="FormatException">The vocabulary lacks a character of the chat.</exception>
    public static ChatPrompt Build(ChatTemplate template, Tokenizer tokenizer, ChatRequest request, PausePolicy policy, int pauseCount)
    {
        // The template writes the beginning of text itself, where the model has one.
        var whole = tokenizer.Encode(template.Render(request.Messages, addGenerationPrompt: true, request.Variables));
        List<int> begins = policy == PausePolicy.None || pauseCount == 0 ? [] : [.. FindAnswers(template, tokenizer, request, whole), whole.Length];
        if (policy == PausePolicy.FirstTurn)
        {
            begins = begins[..1];
        }

        var (ids, from) = (new List<int>(whole.Length + (begins.Count * pauseCount)), 0);
        foreach (var begin in begins)
        {
            ids.AddRange(whole.AsSpan(from, begin - from));
            ids.AddRange(Enumerable.Repeat(tokenizer.PauseId ?? throw new InvalidOperationException("The tokenizer has no <pause>; expected one in a model with pauses."), pauseCount));
            from = begin;
        }

        ids.AddRange(whole.AsSpan(from));
        return new ChatPrompt([.. ids], begins.Count * pauseCount, begins is [.., var last] && last == whole.Length ? pauseCount : 0);
    }

    // Where the earlier answers begin: there the chat up to the answer, with the beginning of an answer, is what the whole chat
    // begins with. A template that writes the past otherwise, as some do, gives no such place, and no pauses stand there.
    private static IEnumerable<int> FindAnswers(ChatTemplate template, Tokenizer tokenizer, ChatRequest request, int[] whole)
    {
        var last = 0;
        for (var i = 1; i < request.Messages.Count; i++)
        {
            if (request.Messages[i].Role != "assistant" || TryEncode(template, tokenizer, request, i) is not { } ids)
            {
                continue;
            }

            if (ids.Length > last && ids.Length < whole.Length && whole.AsSpan().StartsWith(ids))
            {
                last = ids.Length;
                yield return last;
            }
        }
    }

    private static int[]? TryEncode(ChatTemplate template, Tokenizer tokenizer, ChatRequest request, int count)
    {
        try
        {
            return tokenizer.Encode(template.Render([.. request.Messages.Take(count)], addGenerationPrompt: true, request.Variables));
        }
        catch (ChatTemplateException)
        {
            return null;
        }
    }
}
