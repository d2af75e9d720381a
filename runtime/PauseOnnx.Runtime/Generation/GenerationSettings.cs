using System.Globalization;

namespace PauseOnnx.Runtime;

/// <summary><see cref="GenerationOptions"/> with every null resolved, and checked.</summary>
internal sealed record GenerationSettings
{
    private const int DefaultMaxNewTokens = 256;

    public required int MaxNewTokens { get; init; }

    public required SamplingSettings Sampling { get; init; }

    public required LogitsSettings Logits { get; init; }

    public required int PauseCount { get; init; }

    public required IReadOnlySet<int> StopTokens { get; init; }

    public required IReadOnlyList<string> StopStrings { get; init; }

    public required int? LogProbs { get; init; }

    public required int BeamWidth { get; init; }

    public required int NumReturnSequences { get; init; }

    public required ContextPolicy WhenContextFull { get; init; }

    /// <summary>Fills in what the model was trained with.</summary>
    /// <exception cref="ArgumentException">Options are out of range; all of them are listed.</exception>
    public static GenerationSettings Resolve(GenerationOptions options, PauseModel model)
    {
        var defaults = model.GenerationDefaults;
        var faults = FindFaults(options, model).Concat(FindContradictions(options)).ToList();
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", faults) + ".");
        }

        return new GenerationSettings
        {
            MaxNewTokens = options.MaxNewTokens ?? defaults.MaxNewTokens ?? DefaultMaxNewTokens,
            Sampling = new SamplingSettings
            {
                Temperature = options.Temperature ?? (defaults.DoSample || AsksForSampling(options) ? defaults.Temperature : 0),
                TopK = options.TopK ?? defaults.TopK,
                TopP = options.TopP ?? defaults.TopP,
                MinP = options.MinP ?? 0,
                Seed = options.Seed ?? Random.Shared.Next(),
            },
            Logits = new LogitsSettings
            {
                RepetitionPenalty = (float)(options.RepetitionPenalty ?? 1),
                FrequencyPenalty = (float)(options.FrequencyPenalty ?? 0),
                PresencePenalty = (float)(options.PresencePenalty ?? 0),
                Bias = [.. options.LogitBias],
                Processors = options.LogitsProcessors,
            },
            PauseCount = options.PauseCount ?? model.PauseCount,
            StopTokens = (options.StopTokens ?? defaults.EosTokenIds).ToHashSet(),
            StopStrings = options.StopStrings,
            LogProbs = options.LogProbs,
            BeamWidth = options.BeamWidth,
            NumReturnSequences = options.NumReturnSequences,
            WhenContextFull = options.WhenContextFull,
        };
    }

    private static bool AsksForSampling(GenerationOptions options) => options.TopK is not null || options.TopP is not null || options.MinP is not null;

    private static List<string> FindFaults(GenerationOptions options, PauseModel model)
    {
        var faults = new List<string>();
        void Check(bool ok, FormattableString fault)
        {
            if (!ok)
            {
                faults.Add(fault.ToString(CultureInfo.InvariantCulture));
            }
        }

        var last = model.Config.OrdinaryVocabSize - 1;
        Check(options.MaxNewTokens is null or >= 1, $"MaxNewTokens is {options.MaxNewTokens}; expected at least 1");
        Check(options.Temperature is null or (>= 0 and <= float.MaxValue), $"Temperature is {options.Temperature}; expected a number from 0");
        Check(options.TopK is null or >= 0, $"TopK is {options.TopK}; expected at least 0, which means all");
        Check(options.TopP is null or (> 0 and <= 1), $"TopP is {options.TopP}; expected a number above 0, at most 1");
        Check(options.MinP is null or (>= 0 and <= 1), $"MinP is {options.MinP}; expected a number from 0 to 1");
        Check(options.RepetitionPenalty is null or (> 0 and <= float.MaxValue), $"RepetitionPenalty is {options.RepetitionPenalty}; expected a number above 0");
        Check(options.FrequencyPenalty is null or (>= -2 and <= 2), $"FrequencyPenalty is {options.FrequencyPenalty}; expected a number from -2 to 2");
        Check(options.PresencePenalty is null or (>= -2 and <= 2), $"PresencePenalty is {options.PresencePenalty}; expected a number from -2 to 2");
        Check(options.LogProbs is null || (options.LogProbs >= 0 && options.LogProbs <= last + 1), $"LogProbs is {options.LogProbs}; expected 0 to {last + 1}, the vocabulary");
        Check(options.BeamWidth >= 1 && options.BeamWidth <= last + 1, $"BeamWidth is {options.BeamWidth}; expected 1 to {last + 1}, the vocabulary");
        Check(options.BeamWidth <= 1 || model.IsCacheOnHost, $"BeamWidth is {options.BeamWidth}, but keys and values lie on a device, where a search cannot copy them; expected 1, or the provider Cpu");
        Check(options.NumReturnSequences >= 1, $"NumReturnSequences is {options.NumReturnSequences}; expected at least 1");
        Check(Enum.IsDefined(options.WhenContextFull), $"WhenContextFull is {options.WhenContextFull}; expected {nameof(ContextPolicy.Stop)} or {nameof(ContextPolicy.Slide)}");
        Check(!options.StopStrings.Any(string.IsNullOrEmpty), $"StopStrings holds an empty string; expected texts of at least one character");
        Check(options.PauseCount is null or >= 0, $"PauseCount is {options.PauseCount}; expected at least 0");
        Check(options.PauseCount is null or < 0 || options.PauseCount == model.PauseCount || model.CanChoosePauseCount,
            $"PauseCount is {options.PauseCount}, but the graph has {model.PauseCount} baked in beside a shared cache; export with '--pause-count dynamic' to choose it at run time");
        Check(options.PauseCount is null or <= 0 || model.Config.Pause is not null, $"PauseCount is {options.PauseCount}, but the model has no <pause>; expected 0");
        foreach (var id in (options.StopTokens ?? []).Where(id => id < 0 || id > last))
        {
            faults.Add($"StopTokens holds {id}; expected ids from 0 to {last}");
        }

        foreach (var (id, bias) in options.LogitBias)
        {
            Check(id >= 0 && id <= last, $"LogitBias holds {id}; expected ids from 0 to {last}");
            Check(bias is <= float.MaxValue, $"LogitBias of {id} is {bias}; expected a number, or negative infinity");
        }

        return faults;
    }

    private static IEnumerable<string> FindContradictions(GenerationOptions options)
    {
        if (options.BeamWidth <= 1)
        {
            yield break;
        }

        if (options.Temperature > 0 || AsksForSampling(options))
        {
            yield return $"BeamWidth is {options.BeamWidth} with sampling; expected a Temperature of 0 without TopK, TopP and MinP, or a BeamWidth of 1";
        }

        if (options.StopStrings.Count > 0)
        {
            yield return $"BeamWidth is {options.BeamWidth} with StopStrings; expected StopTokens, or a BeamWidth of 1";
        }

        if (options.WhenContextFull == ContextPolicy.Slide)
        {
            yield return $"BeamWidth is {options.BeamWidth} with WhenContextFull Slide; expected Stop, or a BeamWidth of 1";
        }

        if (options.LogProbs > 0)
        {
            yield return $"LogProbs is {options.LogProbs} with a BeamWidth of {options.BeamWidth}; expected 0, the chosen tokens', or a BeamWidth of 1";
        }

        if (options.NumReturnSequences > options.BeamWidth)
        {
            yield return $"NumReturnSequences is {options.NumReturnSequences}; expected at most BeamWidth, {options.BeamWidth}";
        }
    }
}
