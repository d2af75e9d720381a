using PauseOnnx.Exporter;
using PauseOnnx.Model;

namespace PauseOnnx.Tests.Support;

/// <summary>An exported model of a few thousand random weights, proven against <see cref="PlainTransformer"/>.</summary>
internal static class TinyExport
{
    /// <summary>Writes a checkpoint to <c>{folder}/checkpoint</c> and its export to <c>{folder}/model</c>.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="config">The model's shape, such as one of <see cref="TinyCheckpoint.Configs"/>.</param>
    /// <param name="pauseCount">M_inf.</param>
    /// <param name="isDynamic">Whether the pause count is an input.</param>
    /// <param name="change">Further options, such as target and precisions; null for the defaults.</param>
    /// <returns>The model's folder.</returns>
    public static string Write(string folder, ModelConfig config, int pauseCount, bool isDynamic = false, Func<ExportOptions, ExportOptions>? change = null)
    {
        var checkpoint = WriteCheckpoint(folder, config, pauseCount);
        var model = Path.Combine(folder, "model");
        var options = new ExportOptions { Checkpoint = checkpoint, Output = model, PauseCount = pauseCount, DynamicPauseCount = isDynamic };
        ModelExporter.Export(change?.Invoke(options) ?? options);
        return model;
    }

    /// <summary>
    /// Writes only the checkpoint, with a reference for these pause counts. Its tokenizer has a token for each digit and
    /// for some letters, then the end of text, then <c>&lt;pause&gt;</c>.
    /// </summary>
    /// <returns>The checkpoint's folder.</returns>
    public static string WriteCheckpoint(string folder, ModelConfig config, params int[] pauseCounts)
    {
        var checkpoint = Path.Combine(folder, "checkpoint");
        TinyCheckpoint.Write(checkpoint, config);
        TokenizerFiles.Write(checkpoint, [.. "0123456789=abcdefgh".Select(c => $"{c}")], [], config.MaxPositionEmbeddings);
        ReferenceFile.Write(Path.Combine(checkpoint, FileNames.Reference), PlainReference.Cases(checkpoint, pauseCounts));
        return checkpoint;
    }
}
