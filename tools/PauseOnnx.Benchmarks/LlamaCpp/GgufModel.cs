using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks.LlamaCpp;

/// <summary>A checkpoint of the llama family as the GGUF file that llama.cpp runs, the row of <c>&lt;pause&gt;</c> left out.</summary>
/// <param name="config">The checkpoint's shape.</param>
/// <param name="weights">Its weights.</param>
internal sealed class GgufModel(ModelConfig config, CheckpointWeights weights)
{
    /// <summary>Writes the file.</summary>
    /// <param name="checkpoint">Folder of the checkpoint.</param>
    /// <param name="file">Where to.</param>
    /// <param name="type">What matrices, embedding and head among them, are held in.</param>
    /// <exception cref="ArgumentException">The checkpoint is of another family.</exception>
    public static void Write(string checkpoint, string file, GgufType type)
    {
        var config = ModelConfigJson.Read(Path.Combine(checkpoint, FileNames.Config));
        if (config.Family != ModelFamily.Llama)
        {
            throw new ArgumentException($"'{checkpoint}' is of the family {config.Family}; expected {ModelFamily.Llama}.", nameof(checkpoint));
        }

        using var weights = CheckpointWeights.Open(checkpoint, config);
        AtomicFile.Write(file, new GgufModel(config, weights).CreateWriter(type).Save);
    }

    private GgufWriter CreateWriter(GgufType type)
    {
        var writer = new GgufWriter();
        AddMetadata(writer);
        var names = new WeightNames(config);
        int[] table = [config.OrdinaryVocabSize, config.HiddenSize];
        writer.Add("token_embd.weight", type, table, () => Read(names.Embedding, table));
        writer.Add("output_norm.weight", GgufType.F32, [config.HiddenSize], () => weights.ReadFloats(names.FinalNorm));
        if (!config.TieWordEmbeddings)
        {
            writer.Add("output.weight", type, table, () => Read(names.Head, table));
        }

        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            AddLayer(writer, type, layer);
        }

        return writer;
    }

    private void AddMetadata(GgufWriter writer)
    {
        writer.Add("general.architecture", "llama");
        writer.Add("general.alignment", GgufWriter.Alignment);
        writer.Add("llama.vocab_size", config.OrdinaryVocabSize);
        writer.Add("llama.context_length", config.MaxPositionEmbeddings);
        writer.Add("llama.embedding_length", config.HiddenSize);
        writer.Add("llama.block_count", config.NumHiddenLayers);
        writer.Add("llama.feed_forward_length", config.IntermediateSize);
        writer.Add("llama.attention.head_count", config.NumAttentionHeads);
        writer.Add("llama.attention.head_count_kv", config.NumKeyValueHeads);
        writer.Add("llama.attention.key_length", config.HeadDim);
        writer.Add("llama.attention.value_length", config.HeadDim);
        writer.Add("llama.attention.layer_norm_rms_epsilon", (float)config.NormEps);
        writer.Add("llama.rope.dimension_count", config.HeadDim);
        writer.Add("llama.rope.freq_base", (float)config.RopeTheta);

        // Ids go in and come out: no vocabulary is needed.
        writer.Add("tokenizer.ggml.model", "none");
    }

    private void AddLayer(GgufWriter writer, GgufType type, int layer)
    {
        var names = new WeightNames(config);
        float[] ReadLayer(string weight) => weights.ReadFloats(names.Layer(layer, $"{weight}.weight"));
        var (c, f, d) = (config.HiddenSize, config.IntermediateSize, config.HeadDim);
        var (h, k) = (config.NumAttentionHeads, config.NumKeyValueHeads);
        void AddNorm(string to, string from) => writer.Add($"blk.{layer}.{to}.weight", GgufType.F32, [c], () => ReadLayer(from));
        void AddMatrix(string to, string from, int rows, int columns) =>
            writer.Add($"blk.{layer}.{to}.weight", type, [rows, columns], () => ReadLayer(from));
        void AddTurned(string to, string from, int heads) =>
            writer.Add($"blk.{layer}.{to}.weight", type, [heads * d, c], () => Interleave(ReadLayer(from), d, c));

        AddNorm("attn_norm", "input_layernorm");
        AddTurned("attn_q", "self_attn.q_proj", h);
        AddTurned("attn_k", "self_attn.k_proj", k);
        AddMatrix("attn_v", "self_attn.v_proj", k * d, c);
        AddMatrix("attn_output", "self_attn.o_proj", c, h * d);
        AddNorm("ffn_norm", "post_attention_layernorm");
        AddMatrix("ffn_gate", "mlp.gate_proj", f, c);
        AddMatrix("ffn_up", "mlp.up_proj", f, c);
        AddMatrix("ffn_down", "mlp.down_proj", c, f);
    }

    private ReadOnlyMemory<float> Read(string name, int[] shape) => weights.ReadFloats(name).AsMemory(0, shape[0] * shape[1]);

    // llama.cpp turns neighbours of a head, Hugging Face an element with the one half a head further.
    private static float[] Interleave(float[] matrix, int headDim, int columns)
    {
        var turned = new float[matrix.Length];
        for (var row = 0; row < matrix.Length / columns; row++)
        {
            var (head, place) = (row / headDim * headDim, row % headDim);
            var source = head + (place / 2) + (place % 2 * headDim / 2);
            matrix.AsSpan(source * columns, columns).CopyTo(turned.AsSpan(row * columns));
        }

        return turned;
    }
}
