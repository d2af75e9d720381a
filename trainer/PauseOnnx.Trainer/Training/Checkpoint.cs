using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Trainer;

/// <summary>
/// A checkpoint folder in Hugging Face's layout: configuration, weights, tokenizer, generation defaults, reference logits,
/// and under trainer/ what a resumption needs.
/// </summary>
public static class Checkpoint
{
    private const string OptimizerFile = FileNames.TrainerFolder + "/optimizer.safetensors";
    private const string FirstMoment = "first_moment.";
    private const string SecondMoment = "second_moment.";

    /// <summary>Checks, before hours of training, that <see cref="Save"/> will be allowed to write a folder.</summary>
    /// <exception cref="IOException">It holds something else than a checkpoint of this program, or cannot be written.</exception>
    public static void CheckTarget(string folder) => AtomicFolder.Check(folder, FileNames.TrainerState);

    /// <summary>Writes a checkpoint; an earlier one in the folder is replaced when all files are complete.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="model">Configuration and weights.</param>
    /// <param name="optimizer">The moments to go on with.</param>
    /// <param name="tokenizerFolder">A folder with tokenizer.json and tokenizer_config.json, which are copied.</param>
    /// <param name="generation">Defaults of generation; the tokenizer's ids are filled in.</param>
    /// <param name="state">Where the run stands.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Save(
        string folder, LanguageModel model, AdamW optimizer, string tokenizerFolder, GenerationConfig generation, TrainingState state)
    {
        var tokenizer = Tokenizer.Load(tokenizerFolder);
        // Before the old folder is touched: it may be the one that the tokenizer is copied from.
        var references = ReferenceBuilder.Build(model, ReferenceBuilder.DefaultPauseCounts(model.Config));
        AtomicFolder.Write(folder, FileNames.TrainerState, temporary =>
        {
            string In(string file) => Path.Combine(temporary, file);
            ModelConfigJson.Write(model.Config, In(FileNames.Config), tokenizer.EosId);
            (generation with { EosTokenIds = tokenizer.EosId is { } eos ? [eos] : [], PadTokenId = tokenizer.PadId }).Write(In(FileNames.GenerationConfig));
            TokenizerFiles.Copy(tokenizerFolder, temporary);

            // The key that Hugging Face's loader asks for.
            Add(new SafetensorsWriter().Metadata("format", "pt"), "", model.Parameters, model.Parameters.Values).Save(In(FileNames.Weights));
            ReferenceFile.Write(In(FileNames.Reference), references);
            state.Write(In(FileNames.TrainerState));
            var moments = Add(new SafetensorsWriter(), FirstMoment, model.Parameters, optimizer.FirstMoment);
            Add(moments, SecondMoment, model.Parameters, optimizer.SecondMoment).Save(In(OptimizerFile));
        });
    }

    /// <summary>Loads configuration and weights of any checkpoint in Hugging Face's layout.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <exception cref="ModelFormatException">A file is not valid, or the weights do not fit the configuration.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static LanguageModel LoadModel(string folder)
    {
        var config = ReadConfig(folder);
        using var weights = CheckpointWeights.Open(folder, config);
        var model = new LanguageModel(config);
        model.Parameters.Load(weights);
        return model;
    }

    /// <summary>The configuration of any checkpoint in Hugging Face's layout.</summary>
    /// <exception cref="FileNotFoundException">There is no such checkpoint.</exception>
    /// <exception cref="ModelFormatException">config.json is not valid.</exception>
    public static ModelConfig ReadConfig(string folder)
    {
        var file = Path.Combine(folder, FileNames.Config);
        return File.Exists(file)
            ? ModelConfigJson.Read(file)
            : throw new FileNotFoundException($"'{file}' is missing; expected a checkpoint folder in Hugging Face's layout.");
    }

    /// <summary>SHA-256 of a checkpoint's weights in lower-case hexadecimal.</summary>
    public static string Sha256(string folder, ModelConfig config)
    {
        using var weights = CheckpointWeights.Open(folder, config);
        return weights.Sha256();
    }

    /// <summary>The state of the run in a folder; null when the folder does not exist.</summary>
    /// <exception cref="ModelFormatException">trainer/state.json is not valid.</exception>
    public static TrainingState? FindState(string folder)
    {
        var file = Path.Combine(folder, FileNames.TrainerState);
        return File.Exists(file) ? TrainingState.Read(file) : null;
    }

    /// <summary>Restores weights and moments of a run, which then goes on as if it had never stopped.</summary>
    /// <param name="folder">A checkpoint written by <see cref="Save"/>.</param>
    /// <param name="model">A model of the same shape; overwritten.</param>
    /// <param name="optimizer">Of that model; overwritten.</param>
    /// <exception cref="ModelFormatException">A file is not valid, or is another model's.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static void Resume(string folder, LanguageModel model, AdamW optimizer)
    {
        using var weights = CheckpointWeights.Open(folder, model.Config);
        using var moments = SafetensorsFile.Open(Path.Combine(folder, OptimizerFile));
        model.Parameters.Load(weights);
        foreach (var spec in model.Parameters.Specs)
        {
            var place = model.Parameters.PlaceOf(spec);
            Read(moments, FirstMoment + spec.Name, optimizer.FirstMoment, place);
            Read(moments, SecondMoment + spec.Name, optimizer.SecondMoment, place);
        }

        optimizer.StepCount = TrainingState.Read(Path.Combine(folder, FileNames.TrainerState)).Step;
    }

    private static SafetensorsWriter Add(SafetensorsWriter writer, string prefix, Parameters parameters, FlatBuffer buffer)
    {
        foreach (var spec in parameters.Specs)
        {
            var (start, length) = parameters.PlaceOf(spec);
            writer.Add(prefix + spec.Name, SafetensorsType.F32, [.. spec.Shape.Select(d => (long)d)], stream => buffer.WriteTo(stream, start, length));
        }

        return writer;
    }

    private static void Read(SafetensorsFile file, string name, FlatBuffer buffer, (long Start, int Length) place)
    {
        var values = file.Read<float>(name, SafetensorsType.F32);
        if (values.Length != place.Length)
        {
            throw new ModelFormatException($"Tensor '{name}' has {values.Length} values; expected {place.Length} ({file.Path}).");
        }

        buffer.Write(place.Start, values);
    }
}
