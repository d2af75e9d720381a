using System.Text.Json.Nodes;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>The files beside the graph, in Hugging Face's layout.</summary>
internal static class ModelFiles
{
    /// <summary>Writes config.json and generation_config.json, and copies the tokenizer where the checkpoint has one.</summary>
    public static void Write(string folder, string checkpoint, ExportPlan plan)
    {
        var generation = GenerationConfig.Read(Path.Combine(checkpoint, FileNames.GenerationConfig));
        generation.Write(Path.Combine(folder, FileNames.GenerationConfig));
        ModelConfigJson.Write(plan.Config, Path.Combine(folder, FileNames.Config), generation.EosTokenIds.Cast<int?>().FirstOrDefault(), TransformersJsConfig());
        foreach (var name in new[] { FileNames.Tokenizer, FileNames.TokenizerConfig })
        {
            var source = Path.Combine(checkpoint, name);
            if (File.Exists(source))
            {
                File.Copy(source, Path.Combine(folder, name));
            }
        }
    }

    // transformers.js asks here whether model.onnx has a data file beside it.
    private static JsonObject TransformersJsConfig() => new()
    {
        ["transformers.js_config"] = new JsonObject
        {
            ["use_external_data_format"] = new JsonObject { [Path.GetFileName(FileNames.Onnx)] = 1 },
        },
    };
}
