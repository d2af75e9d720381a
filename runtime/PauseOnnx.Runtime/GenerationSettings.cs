using System.Globalization;

namespace PauseOnnx.Runtime;

/// <summary><see cref="GenerationOptions"/> with every null resolved, and checked.</summary>
internal sealed record GenerationSettings
{
    private const int DefaultMaxNewTokens = 256;

    public required int MaxNewTokens { get; init; }

    public required SamplingSettings Sampling { get; init; }

    public required int PauseCount { get; init; }

    public required IReadOnlySet<int> StopTokens { get; init; }

    /// <summary>Fills in what the model was trained with.</summary>
    /// <exception cref="ArgumentException">Options are out of range; all of them are listed.</exception>
    public static GenerationSettings Resolve(GenerationOptions options, PauseModel model)
    {
        var defaults = model.GenerationDefaults;
        var faults = FindFaults(options, model);
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
                Seed = options.Seed ?? Random.Shared.Next(),
            },
            PauseCount = options.PauseCount ?? model.PauseCount,
            StopTokens = (options.StopTokens ?? defaults.EosTokenIds).ToHashSet(),
        };
    }

    private static bool AsksForSampling(GenerationOptions options) => options.TopK is not null || options.TopP is not null;

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

        Check(options.MaxNewTokens is null or >= 1, $"MaxNewTokens is {options.MaxNewTokens}; expected at least 1");
        Check(options.Temperature is null or (>= 0 and <= float.MaxValue), $"Temperature is {options.Temperature}; expected a number from 0");
        Check(options.TopK is null or >= 0, $"TopK is {options.TopK}; expected at least 0, which means all");
        Check(options.TopP is null or (> 0 and <= 1), $"TopP is {options.TopP}; expected a number above 0, at most 1");
        if (model.IsPauseCountDynamic)
        {
            Check(options.PauseCount is null or >= 0, $"PauseCount is {options.PauseCount}; expected at least 0");
        }
        else
        {
            Check(options.PauseCount is null || options.PauseCount == model.PauseCount,
                $"PauseCount is {options.PauseCount}, but the graph has {model.PauseCount} baked in; export with '--pause-count dynamic' to choose it at run time");
        }

        foreach (var id in (options.StopTokens ?? []).Where(id => id < 0 || id >= model.Config.OrdinaryVocabSize))
        {
            faults.Add($"StopTokens holds {id}; expected ids from 0 to {model.Config.OrdinaryVocabSize - 1}");
        }

        return faults;
    }
}
