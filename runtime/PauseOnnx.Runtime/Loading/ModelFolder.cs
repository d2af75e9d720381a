using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>What an exported model folder holds, loaded and found to fit together.</summary>
internal sealed record ModelFolder(DecoderSession Session, Tokenizer Tokenizer, GenerationConfig GenerationDefaults)
{
    private static readonly string[] Required = [FileNames.Config, FileNames.Tokenizer, FileNames.TokenizerConfig];

    /// <summary>Reads every file, and reports the faults of all of them together.</summary>
    /// <exception cref="ArgumentException">Options are out of range; all of them are listed.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ExecutionProviderException">The provider is not there, or cannot load the graph.</exception>
    /// <exception cref="ModelFormatException">Files are missing, not valid or contradictory.</exception>
    public static ModelFolder Load(string folder, PauseModelOptions options)
    {
        options.ThrowIfInvalid();
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"'{folder}' is no folder; expected one written by 'pauseonnx export'.");
        }

        var precision = FindGraph(folder, options.Precision);
        var (faults, graphFaults) = (new List<string>(), new List<string>());

        // The tokenizer takes as long as a small graph, and a second core.
        var reading = Task.Run(() => Tokenizer.Load(folder));
        var config = Try(() => ModelConfigJson.Read(Path.Combine(folder, FileNames.Config)), faults);
        var generation = Try(() => GenerationConfig.Read(Path.Combine(folder, FileNames.GenerationConfig)), faults);
        var session = config is null ? null : Try(() => DecoderSession.Load(folder, precision, config, options), graphFaults);
        try
        {
            var tokenizer = Try(() => reading.GetAwaiter().GetResult(), faults);
            faults.AddRange([.. graphFaults, .. FindContradictions(folder, config, generation, tokenizer, session)]);
            return faults.Count == 0
                ? new ModelFolder(session!, tokenizer!, generation!)
                : throw new ModelFormatException(string.Join(" ", faults));
        }
        catch
        {
            session?.Release();
            throw;
        }
    }

    // Which graph to load, once all files are there.
    private static GraphPrecision FindGraph(string folder, GraphPrecision? asked)
    {
        bool Has(string name) => File.Exists(Path.Combine(folder, name));
        var graphs = GraphPrecisions.In(folder);
        var precision = asked ?? (graphs is [var first, ..] ? first : GraphPrecision.Fp32);
        var missing = Required.Where(name => !Has(name)).ToList();
        if (graphs.Count == 0)
        {
            missing.Add(GraphPrecisions.FileOf(precision));
        }

        if (missing.Count > 0)
        {
            throw new ModelFormatException(Has(FileNames.TritonConfig)
                ? $"'{folder}' is a model of Triton Inference Server's; expected a folder exported for another target."
                : $"'{folder}' lacks {string.Join(", ", missing)}; expected a folder written by 'pauseonnx export'.");
        }

        return graphs.Contains(precision)
            ? precision
            : throw new ModelFormatException($"'{folder}' has no {GraphPrecisions.NameOf(precision)} graph, {GraphPrecisions.FileOf(precision)}; expected one of those it has: {string.Join(", ", graphs.Select(GraphPrecisions.NameOf))}.");
    }

    private static T? Try<T>(Func<T> read, List<string> faults)
        where T : class
    {
        try
        {
            return read();
        }
        catch (ModelFormatException e)
        {
            faults.Add(e.Message);
            return null;
        }
    }

    private static IEnumerable<string> FindContradictions(
        string folder, ModelConfig? config, GenerationConfig? generation, Tokenizer? tokenizer, DecoderSession? session)
    {
        if (config is not null && tokenizer is not null)
        {
            if (tokenizer.PauseId != config.Pause?.TokenId)
            {
                yield return $"The id of <pause> is {Show(tokenizer.PauseId)} in {FileNames.Tokenizer} and {Show(config.Pause?.TokenId)} in {FileNames.Config}; expected the same ({folder}).";
            }

            if (tokenizer.VocabSize > config.VocabSize)
            {
                yield return $"{FileNames.Tokenizer} has {tokenizer.VocabSize} ids; expected at most vocab_size, {config.VocabSize} ({folder}).";
            }
        }

        if (config is not null && generation is not null)
        {
            int[] ids = generation.PadTokenId is { } pad ? [.. generation.EosTokenIds, pad] : [.. generation.EosTokenIds];
            foreach (var id in ids.Where(id => id < 0 || id >= config.VocabSize))
            {
                yield return $"{FileNames.GenerationConfig} names the id {id}; expected ids from 0 to {config.VocabSize - 1} ({folder}).";
            }
        }

        if (session is not null && session.PauseCount != (session.Config.Pause?.Count ?? 0))
        {
            yield return $"The pause count is {session.PauseCount} in {GraphPrecisions.FileOf(session.Precision)} and {session.Config.Pause?.Count ?? 0} in {FileNames.Config}; expected the same ({folder}).";
        }
    }

    private static string Show(int? id) => id is null ? "none" : $"{id}";
}
