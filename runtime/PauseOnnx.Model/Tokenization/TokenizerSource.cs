using System.Text.Json;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>
/// The two files of a tokenizer as a folder holds them, or as they would be where it holds a SentencePiece model instead of a
/// tokenizer.json.
/// </summary>
/// <param name="Tokenizer">Content of tokenizer.json.</param>
/// <param name="Config">Content of tokenizer_config.json.</param>
/// <param name="TokenizerFile">Where the tokenizer was read from, for messages.</param>
/// <param name="ConfigFile">Where its configuration was read from, for messages.</param>
internal sealed record TokenizerSource(byte[] Tokenizer, byte[] Config, string TokenizerFile, string ConfigFile)
{
    /// <summary>Reads a folder; tokenizer.json comes before tokenizer.model.</summary>
    /// <exception cref="ModelFormatException">A SentencePiece model is not valid, or of another type.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static TokenizerSource Read(string folder)
    {
        var (json, model, config) = (Path.Combine(folder, FileNames.Tokenizer), Path.Combine(folder, FileNames.SentencePiece), Path.Combine(folder, FileNames.TokenizerConfig));
        if (File.Exists(json))
        {
            return new TokenizerSource(File.ReadAllBytes(json), File.ReadAllBytes(config), json, config);
        }

        return File.Exists(model)
            ? Convert(SentencePieceModel.Read(model), model, config)
            : throw new FileNotFoundException($"'{json}' is missing; expected a checkpoint, data or exported model folder with a Hugging Face tokenizer.");
    }

    private static TokenizerSource Convert(SentencePieceModel model, string modelFile, string configFile)
    {
        var config = File.Exists(configFile) ? File.ReadAllBytes(configFile) : JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["bos_token"] = model.Bos,
            ["eos_token"] = model.Eos,
            ["pad_token"] = model.Pad ?? model.Eos,
            ["padding_side"] = "left",
            ["clean_up_tokenization_spaces"] = false,
        });

        // What Llama's tokenizer takes when the configuration does not say.
        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(config, configFile), "", faults);
        var (addsBos, addsEos) = (fields.Flag("add_bos_token", true), fields.Flag("add_eos_token", false));
        ModelFormatException.ThrowIfAny(faults, configFile);
        var json = model.ToTokenizerJson(addsBos ? model.Bos : null, addsEos ? model.Eos : null);
        return new TokenizerSource(JsonSerializer.SerializeToUtf8Bytes(json, TokenizerFiles.Indented), config, modelFile, configFile);
    }
}
