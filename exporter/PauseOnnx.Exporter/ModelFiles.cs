using System.Text.Json.Nodes;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>The files beside the graph, in Hugging Face's layout.</summary>
internal static class ModelFiles
{
    /// <summary>Writes config.json and generation_config.json, and copies the tokenizer where the checkpoint has one.</summary>
    public static void Write(string folder, string checkpoint, ExportPlan plan)
    {
        var generation = ReadGeneration(checkpoint);
        generation.Write(Path.Combine(folder, FileNames.GenerationConfig));
        var eos = generation.EosTokenIds.Cast<int?>().FirstOrDefault();
        ModelConfigJson.Write(plan.Config, Path.Combine(folder, FileNames.Config), eos, TransformersJsConfig(plan.Options.Precisions));
        if (!File.Exists(Path.Combine(checkpoint, FileNames.Tokenizer)) && File.Exists(Path.Combine(checkpoint, FileNames.SentencePiece)))
        {
            TokenizerFiles.Copy(checkpoint, folder);
        }

        foreach (var name in new[] { FileNames.Tokenizer, FileNames.TokenizerConfig })
        {
            var source = Path.Combine(checkpoint, name);
            if (File.Exists(source))
            {
                // Its bytes only: a copy of a read-only file would be read-only, and could not be flushed or replaced.
                File.WriteAllBytes(Path.Combine(folder, name), File.ReadAllBytes(source));
            }
        }
    }

    // Older checkpoints say in config.json how a text ends, and have no generation_config.json.
    private static GenerationConfig ReadGeneration(string checkpoint)
    {
        var file = Path.Combine(checkpoint, FileNames.GenerationConfig);
        if (File.Exists(file))
        {
            return GenerationConfig.Read(file);
        }

        var (config, faults) = (Path.Combine(checkpoint, FileNames.Config), new List<string>());
        var eos = new JsonFields(JsonFields.ParseObject(config), "", faults).IntList("eos_token_id");
        ModelFormatException.ThrowIfAny(faults, config);
        return new GenerationConfig { EosTokenIds = eos };
    }

    // transformers.js asks here whether a graph has a data file beside it, and for the type of keys and values where it is not
    // float32.
    private static JsonObject TransformersJsConfig(IReadOnlyList<GraphPrecision> precisions) => new()
    {
        ["transformers.js_config"] = new JsonObject
        {
            ["use_external_data_format"] = new JsonObject(precisions.Select(p => KeyValuePair.Create(Path.GetFileName(GraphPrecisions.FileOf(p)), (JsonNode?)1))),
        },
    };
}
