using PauseOnnx.Model;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Docs;

/// <summary>The C# of docs/runtime.md. <see cref="RuntimeGuideTests"/> runs every example and compares it with the text.</summary>
internal static class RuntimeGuideExamples
{
    public static async Task StreamAsync(CancellationToken cancellationToken)
    {
        // docs: begin
        using var model = PauseModel.Load("models/tiny");
        await foreach (var piece in model.GenerateAsync("Once upon a time", new() { MaxNewTokens = 64 }, cancellationToken))
        {
            Console.Write(piece);
        }
        // docs: end
    }

    public static async Task TokensAsync(PauseModel model)
    {
        // docs: begin
        var options = new GenerationOptions { MaxNewTokens = 8, LogProbs = 3 };
        await foreach (var token in model.GenerateTokensAsync("Once upon a time", options))
        {
            Console.WriteLine($"{token.Elapsed.TotalMilliseconds:0.0} ms  {token.Text}  {token.LogProb:0.00}  {token.FinishReason}");
            foreach (var (id, logProb) in token.TopLogProbs)
            {
                Console.WriteLine($"    {model.Tokenizer.Decode([id])}  {logProb:0.00}");
            }
        }
        // docs: end
    }

    public static void Options()
    {
        // docs: begin
        var creative = new GenerationOptions
        {
            MaxNewTokens = 200,
            Temperature = 0.8, TopK = 40, TopP = 0.95, MinP = 0.02, Seed = 1,
            RepetitionPenalty = 1.1, FrequencyPenalty = 0.2, PresencePenalty = 0.1,
            StopStrings = ["\n\n", "Question:"],
            LogitBias = new Dictionary<int, float> { [13] = float.NegativeInfinity },
            PauseCount = 20,
            WhenContextFull = ContextPolicy.Slide,
        };
        var careful = creative with { Temperature = 0, TopK = null, TopP = null, MinP = null };
        // docs: end
        Console.WriteLine(careful.Temperature + creative.Temperature);
    }

    public static async Task BatchAsync(PauseModel model)
    {
        // docs: begin
        string[] prompts = ["The capital of France is", "2 + 2 ="];
        foreach (var answer in await model.GenerateBatchAsync(prompts, new() { MaxNewTokens = 16 }))
        {
            Console.WriteLine($"{answer.Text} ({answer.FinishReason}, {answer.Ids.Count} tokens after {answer.PauseCount} pauses, {answer.Duration.TotalMilliseconds:0} ms)");
        }

        var best = await model.GenerateBatchAsync(prompts, new() { MaxNewTokens = 16, BeamWidth = 4, NumReturnSequences = 2 });
        Console.WriteLine($"{best[0].Text} or {best[1].Text}");
        // docs: end
    }

    public static async Task ScoreAsync(PauseModel model)
    {
        // docs: begin
        string[] choices = [" Paris", " Rome", " Berlin"];
        var scores = await model.ScoreAsync([.. choices.Select(c => new ScoringRequest("The capital of France is", c))]);
        var (choice, score) = choices.Zip(scores).MaxBy(pair => pair.Second.LogLikelihood);
        Console.WriteLine($"{choice}: {score.LogLikelihood:0.00}, would be said: {score.IsGreedy}");
        // docs: end
    }

    public static async Task ConversationAsync(PauseModel model)
    {
        // docs: begin
        using var conversation = model.CreateConversation(new() { Pauses = PausePolicy.EachTurn });
        conversation.Append("You know trees. ");
        await conversation.ComputeAsync();

        using var other = conversation.Fork();
        var point = conversation.Length;
        await foreach (var piece in conversation.GenerateAsync("How old is an oak? ", new() { MaxNewTokens = 20 }))
        {
            Console.Write(piece);
        }

        conversation.Rewind(point);
        await foreach (var piece in conversation.GenerateAsync("How tall is a pine? ", new() { MaxNewTokens = 20 }))
        {
            Console.Write(piece);
        }
        // docs: end
    }

    public static void Steps(PauseModel model)
    {
        // docs: begin
        int[][] prompts = [model.Tokenizer.Encode("One"), model.Tokenizer.Encode("Two and three")];
        using var generator = model.CreateGenerator(prompts, new() { MaxNewTokens = 32 });
        while (generator.Step())
        {
            if (generator.GetIds(0).Count == 10)
            {
                break;
            }
        }

        Console.WriteLine(model.Tokenizer.Decode(generator.GetIds(1)));
        // docs: end
    }

    public static void Errors()
    {
        // docs: begin
        try
        {
            using var model = PauseModel.Load("models/missing");
        }
        catch (Exception e) when (e is DirectoryNotFoundException or ModelFormatException)
        {
            Console.WriteLine(e.Message);
        }
        // docs: end
    }

    // docs: begin
    private sealed class DigitsOnly(Tokenizer tokenizer) : ILogitsProcessor
    {
        public void Process(LogitsContext context)
        {
            for (var id = 0; id < context.Logits.Length; id++)
            {
                if (!tokenizer.Decode([id]).All(char.IsDigit))
                {
                    context.Logits[id] = float.NegativeInfinity;
                }
            }
        }
    }

    // docs: end
    public static async Task ProcessorAsync(PauseModel model)
    {
        // docs: begin
        var digits = new GenerationOptions { MaxNewTokens = 4, LogitsProcessors = [new DigitsOnly(model.Tokenizer)] };
        Console.WriteLine((await model.GenerateBatchAsync(["My number is "], digits))[0].Text);
        // docs: end
    }
}
