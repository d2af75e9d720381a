using System.Text.Json.Nodes;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>The files beside the graph, in Hugging Face's layout.</summary>
internal static class ModelFiles
{
    /// <summary>Writes config.json and generation_config.json, and copies the tokenizer where the checkpoint has one.</summary>
    public static void Write(string folder, ExportPlan plan)
    {
        var checkpoint = plan.Options.Checkpoint;
        var generation = ReadGeneration(checkpoint);
        generation.Write(Path.Combine(folder, FileNames.GenerationConfig));
        var eos = generation.EosTokenIds.Cast<int?>().FirstOrDefault();
        ModelConfigJson.Write(plan.Config, Path.Combine(folder, FileNames.Config), eos, TransformersJsConfig(plan.Options.Precisions));
        if (!File.Exists(Path.Combine(checkpoint, FileNames.Tokenizer)) && File.Exists(Path.Combine(checkpoint, FileNames.SentencePiece)))
        {
            TokenizerFiles.Copy(checkpoint, folder);
        }

        foreach (var name in new[] { FileNames.Tokenizer, FileNames.TokenizerConfig, FileNames.ChatTemplate })
        {
            var source = Path.Combine(checkpoint, name);
            if (File.Exists(source))
            {
                // Its bytes only: a copy of a read-only file would be read-only, and could not be flushed or replaced.
                File.WriteAllBytes(Path.Combine(folder, name), File.ReadAllBytes(source));
            }
        }
    }

    /// <summary>How a checkpoint's texts end; older ones say it in config.json, and have no generation_config.json.</summary>
    public static GenerationConfig ReadGeneration(string checkpoint)
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

    // transformers.js asks here which graphs have a data file beside them, which one it is to take where nobody says (in a
    // browser it would ask for q8), and, before its version 4, which of them have keys and values in another type than float32.
    private static JsonObject TransformersJsConfig(IReadOnlyList<GraphPrecision> precisions)
    {
        var config = new JsonObject
        {
            ["use_external_data_format"] = new JsonObject(precisions.Select(p => KeyValuePair.Create(Path.GetFileName(GraphPrecisions.FileOf(p)), (JsonNode?)1))),
        };
        if (precisions.Select(DTypeOf).OfType<string>().FirstOrDefault() is { } dtype)
        {
            config["dtype"] = dtype;
        }

        if (precisions.Contains(GraphPrecision.Fp16))
        {
            config["kv_cache_dtype"] = new JsonObject { ["fp16"] = "float16" };
        }

        return new JsonObject { ["transformers.js_config"] = config };
    }

    // bfloat16 has no name there.
    private static string? DTypeOf(GraphPrecision precision) => precision switch
    {
        GraphPrecision.Fp32 => "fp32",
        GraphPrecision.Fp16 => "fp16",
        GraphPrecision.BlockInt8 => "int8",
        GraphPrecision.BlockInt4 => "q4",
        GraphPrecision.DynamicInt8 => "q8",
        _ => null,
    };
}
