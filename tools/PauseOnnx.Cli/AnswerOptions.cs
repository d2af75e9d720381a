using System.CommandLine;
using PauseOnnx.Runtime;

namespace PauseOnnx.Cli;

/// <summary>How a command answers: the options of <see cref="GenerationOptions"/>, by the names that Hugging Face gives them.</summary>
internal sealed class AnswerOptions
{
    private readonly Option<int?> _maxNewTokens = new("--max-new-tokens") { Description = "Longest answer, in tokens [default: as the model says, or 256]." };

    private readonly Option<double?> _temperature = new("--temperature")
    {
        Description = "Divides the logits before sampling; 0 always takes the most likely token [default: as the model says, or 0].",
    };

    private readonly Option<int?> _topK = new("--top-k") { Description = "Sample among this many most likely tokens; 0 for all." };

    private readonly Option<double?> _topP = new("--top-p") { Description = "Sample among the most likely tokens that together have this probability." };

    private readonly Option<double?> _minP = new("--min-p") { Description = "Sample among the tokens that are at least this fraction as likely as the most likely one." };

    private readonly Option<double?> _repetitionPenalty = new("--repetition-penalty") { Description = "Above 1 against tokens that prompt or answer have already [default: 1]." };

    private readonly Option<double?> _frequencyPenalty = new("--frequency-penalty") { Description = "Against a token for each time that the answer has it, -2 to 2 [default: 0]." };

    private readonly Option<double?> _presencePenalty = new("--presence-penalty") { Description = "Against tokens that the answer has, -2 to 2 [default: 0]." };

    private readonly Option<int?> _seed = new("--seed") { Description = "Start of the random numbers [default: another one every time]." };

    private readonly Option<string[]> _stop = new("--stop") { Description = "Text that ends the answer and is no part of it; may be given several times.", HelpName = "TEXT" };

    private readonly Option<int?> _pauseCount = new("--pause-count")
    {
        Description = "Pauses before the answer; costs nothing extra for a model exported with '--pause-count dynamic' [default: the model's own].",
    };

    private readonly Option<ContextPolicy> _whenFull = new("--when-full")
    {
        Description = "When the context is full: stop, or slide, which forgets the older half.",
        HelpName = "stop|slide",
        DefaultValueFactory = _ => ContextPolicy.Stop,
    };

    /// <summary>Gives them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            _maxNewTokens, _temperature, _topK, _topP, _minP, _repetitionPenalty, _frequencyPenalty, _presencePenalty, _seed, _stop, _pauseCount, _whenFull,
        })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the user asked for.</summary>
    public GenerationOptions Read(ParseResult parsed) => new()
    {
        MaxNewTokens = parsed.GetValue(_maxNewTokens),
        Temperature = parsed.GetValue(_temperature),
        TopK = parsed.GetValue(_topK),
        TopP = parsed.GetValue(_topP),
        MinP = parsed.GetValue(_minP),
        RepetitionPenalty = parsed.GetValue(_repetitionPenalty),
        FrequencyPenalty = parsed.GetValue(_frequencyPenalty),
        PresencePenalty = parsed.GetValue(_presencePenalty),
        Seed = parsed.GetValue(_seed),
        StopStrings = parsed.GetValue(_stop) ?? [],
        PauseCount = parsed.GetValue(_pauseCount),
        WhenContextFull = parsed.GetValue(_whenFull),
    };
}
