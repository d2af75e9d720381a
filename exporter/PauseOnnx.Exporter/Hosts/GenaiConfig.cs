using System.Text.Json;
using System.Text.Json.Nodes;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Hosts;

/// <summary>
/// genai_config.json, which tells onnxruntime-genai where the graph is, what its inputs are called and how long a text may
/// get. It lies at the root of a model folder, beside tokenizer.json and tokenizer_config.json.
/// </summary>
/// <remarks>
/// <para>
/// The graph declares its caches with a fixed length, [B, K, N, D]: GenAI 0.14 and newer then allocate N positions whatever
/// a caller's <c>max_length</c> is, so that there is room for the pauses, which GenAI does not count. With a symbolic length
/// it would allocate <c>max_length</c> positions, and the last M tokens of a long text would have no place. Its logits are
/// declared [B, 1, V], by which GenAI knows that only the last position's come.
/// </para>
/// <para>
/// The first call is found by a mask as long as the ids. That excludes what gives GenAI's mask another length: a
/// <c>chunk_size</c>, and graph capture (<c>enable_cuda_graph</c>, DirectML, TensorRT-RTX), where the mask is
/// <c>max_length</c> long in every call.
/// </para>
/// <para>
/// GenAI pads a batch on the right. Pauses come behind the padding, so that the last position is each prompt's last pause;
/// without any, it is padding in all but the longest prompts, which then must be of one length.
/// </para>
/// <para>
/// Names and their meaning: <see href="https://github.com/microsoft/onnxruntime-genai/blob/main/src/config.h">config.h</see>.
/// GenAI refuses a file with a name that it does not know.
/// </para>
/// </remarks>
internal static class GenaiConfig
{
    /// <summary>The file's name, which GenAI prescribes.</summary>
    public const string FileName = "genai_config.json";

    /// <summary>
    /// A decoder with a key and a value for each layer. GenAI's names of families say more than that: <c>gpt2</c> keeps keys
    /// and values in one tensor, <c>qwen3</c> has certain tokens, and <c>gpt_neox</c> is not known.
    /// </summary>
    private const string ModelType = "decoder";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The file's text.</summary>
    /// <param name="config">The exported model's shape; its pause count is the exported one.</param>
    /// <param name="generation">How to choose tokens, and which of them end a text.</param>
    /// <param name="graph">The graph, relative to the file, such as <see cref="FileNames.Onnx"/>.</param>
    /// <param name="cacheLength">N: positions of the caches as the graph declares them, pauses included.</param>
    /// <exception cref="ExportException">The pauses leave no position for a text.</exception>
    public static string Text(ModelConfig config, GenerationConfig generation, string graph, int cacheLength)
    {
        var length = ContextLength(config, cacheLength);
        var json = new JsonObject { ["model"] = Model(config, generation, graph, length), ["search"] = Search(config, generation, length) };
        return json.ToJsonString(Indented) + "\n";
    }

    // GenAI stops at max_length and lets nobody set it above context_length, counting only the tokens that it knows of.
    private static int ContextLength(ModelConfig config, int cacheLength)
    {
        var pauses = config.Pause?.Count ?? 0;
        return cacheLength > pauses
            ? cacheLength - pauses
            : throw new ExportException(nameof(GenaiConfig), $"The cache has {cacheLength} positions, and {pauses} are for pauses; expected some for text: choose a longer cache or fewer pauses.");
    }

    private static JsonObject Model(ModelConfig config, GenerationConfig generation, string graph, int contextLength)
    {
        var json = new JsonObject
        {
            ["type"] = ModelType,
            ["context_length"] = contextLength,
            ["vocab_size"] = config.OrdinaryVocabSize,
            ["pad_token_id"] = PadTokenId(config, generation),
            ["decoder"] = Decoder(config, graph),
        };

        // Without one, GenAI takes the token that pads; <pause> is never generated, so that a text goes on to max_length.
        if (generation.EosTokenIds.Count > 0)
        {
            json["eos_token_id"] = new JsonArray([.. generation.EosTokenIds.Select(id => (JsonNode)id)]);
        }

        return json;
    }

    // In a batch, GenAI masks what equals this at the end of a prompt. A prompt may well end with the end of a text, never
    // with <pause>.
    private static int PadTokenId(ModelConfig config, GenerationConfig generation) =>
        config.Pause?.TokenId ?? generation.PadTokenId ?? (generation.EosTokenIds is [var eos, ..] ? eos : 0);

    private static JsonObject Decoder(ModelConfig config, string graph) => new()
    {
        ["filename"] = graph,
        ["session_options"] = new JsonObject { ["provider_options"] = new JsonArray() },
        ["hidden_size"] = config.HiddenSize,
        ["num_hidden_layers"] = config.NumHiddenLayers,
        ["num_attention_heads"] = config.NumAttentionHeads,
        ["num_key_value_heads"] = config.NumKeyValueHeads,
        ["head_size"] = config.HeadDim,
        ["inputs"] = new JsonObject
        {
            ["input_ids"] = GraphNames.InputIds,
            ["attention_mask"] = GraphNames.AttentionMask,
            ["past_key_names"] = "past_key_values.%d.key",
            ["past_value_names"] = "past_key_values.%d.value",
        },
        ["outputs"] = new JsonObject
        {
            ["logits"] = GraphNames.Logits,
            ["present_key_names"] = "present.%d.key",
            ["present_value_names"] = "present.%d.value",
        },
    };

    // All of them, as GenAI's own defaults differ. More top tokens than there are would be an error.
    private static JsonObject Search(ModelConfig config, GenerationConfig generation, int contextLength) => new()
    {
        ["max_length"] = contextLength,
        ["do_sample"] = generation.DoSample,
        ["temperature"] = generation.Temperature,
        ["top_k"] = Math.Min(generation.TopK, config.OrdinaryVocabSize),
        ["top_p"] = generation.TopP,
        ["past_present_share_buffer"] = true,
    };
}
