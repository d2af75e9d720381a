// README: begin
using PauseOnnx.Runtime;

// README: end
namespace PauseOnnx.Tests.Readme;

/// <summary>The C# example of README.md; <see cref="ReadmeTests"/> runs it and compares it with the text.</summary>
internal static class ReadmeExample
{
    public static async Task RunAsync()
    {
        // README: begin
        using var model = PauseModel.Load("artifacts/models/luhn");
        Console.WriteLine($"{model.PauseCount} pauses before each answer");

        var options = new GenerationOptions { MaxNewTokens = 1 };
        await foreach (var piece in model.GenerateAsync("453201511283036=", options))
        {
            Console.WriteLine(piece);
        }
        // README: end
    }
}
