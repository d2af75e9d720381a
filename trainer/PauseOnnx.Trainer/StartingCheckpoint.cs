using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>
/// A checkpoint that training begins with: one of our own, or anybody's in Hugging Face's layout. Where it has no
/// <c>&lt;pause&gt;</c>, one is appended: a last row to the embedding table, as <see cref="PauseEmbedding"/> makes it, an
/// unused last row of zeros to an untied head, and a token of that id to the tokenizer, whose files are then in a temporary
/// folder until <see cref="Dispose"/>. The checkpoint itself stays as it is.
/// </summary>
public sealed class StartingCheckpoint : IDisposable
{
    private readonly string _folder;
    private readonly ModelConfig _stored;
    private readonly int _tokenCount;
    private readonly DirectoryInfo? _temporary;

    /// <summary>Reads configuration and tokenizer.</summary>
    /// <exception cref="ModelFormatException">A file is not valid, or they disagree about <c>&lt;pause&gt;</c>.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read, or the temporary folder cannot be written.</exception>
    public StartingCheckpoint(string folder)
    {
        (_folder, TokenizerFolder) = (folder, folder);
        _stored = Checkpoint.ReadConfig(folder);
        Config = _stored;
        if (_stored.Pause is not null)
        {
            return;
        }

        var tokenizer = Tokenizer.Load(folder);
        CheckIds(tokenizer);
        _tokenCount = tokenizer.VocabSize;
        Config = _stored with { VocabSize = _stored.VocabSize + 1, Pause = new PauseConfig { TokenId = _stored.VocabSize, Training = "StdPT" } };
        _temporary = Directory.CreateTempSubdirectory("pauseonnx-");
        TokenizerFolder = _temporary.FullName;
        TokenizerFiles.CopyWithPause(folder, TokenizerFolder);
    }

    /// <summary>The model's shape, <c>&lt;pause&gt;</c> included.</summary>
    public ModelConfig Config { get; }

    /// <summary>Whether <c>&lt;pause&gt;</c> was appended.</summary>
    public bool IsPauseNew => _temporary is not null;

    /// <summary>Where a tokenizer's files with <c>&lt;pause&gt;</c> are.</summary>
    public string TokenizerFolder { get; }

    /// <summary>Loads the weights.</summary>
    /// <param name="create">Makes the empty model, given <see cref="Config"/>; it must keep the shapes of its weights.</param>
    /// <param name="seed">Of the noise in a new <c>&lt;pause&gt;</c> row.</param>
    /// <exception cref="ModelFormatException">The weights do not fit the configuration.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public LanguageModel LoadModel(Func<ModelConfig, LanguageModel> create, int seed)
    {
        using var weights = CheckpointWeights.Open(_folder, _stored);
        var model = create(Config);
        model.Parameters.Fill(spec => IsPauseNew ? ReadAppended(weights, spec, seed) : weights.ReadFloats(spec.Name));
        return model;
    }

    /// <summary>SHA-256 of the weights as they are stored, in lower-case hexadecimal.</summary>
    public string Sha256() => Checkpoint.Sha256(_folder, _stored);

    /// <inheritdoc/>
    public void Dispose() => _temporary?.Delete(recursive: true);

    private float[] ReadAppended(CheckpointWeights weights, WeightSpec spec, int seed)
    {
        var (names, width) = (new WeightNames(Config), Config.HiddenSize);
        var values = weights.ReadFloats(spec.Name);
        if (spec.Name == names.Embedding)
        {
            // A table padded to a round number of rows ends with rows that no token ever trained.
            return [.. values, .. PauseEmbedding.CreateRow(values.AsSpan(0, _tokenCount * width), width, seed)];
        }

        return spec.Name == names.Head ? [.. values, .. new float[width]] : values;
    }

    private void CheckIds(Tokenizer tokenizer)
    {
        var file = Path.Combine(_folder, FileNames.Tokenizer);
        if (tokenizer.PauseId is { } id)
        {
            throw new ModelFormatException($"<pause> has id {id}, but {FileNames.Config} has no 'pause_token_id'; expected both or neither: add \"pause_token_id\": {id} there if that is the last row of the embedding table, or take <pause> out of the tokenizer ({file}).");
        }

        if (tokenizer.VocabSize > _stored.VocabSize)
        {
            throw new ModelFormatException($"The tokenizer has {tokenizer.VocabSize} ids; expected at most vocab_size, {_stored.VocabSize}, as each needs a row of the embedding table ({file}).");
        }
    }
}
