using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Hosts;

/// <summary>
/// A model as NVIDIA Triton Inference Server finds it: a folder of the model's name that holds <see cref="ConfigFile"/> and
/// <see cref="GraphFile"/>, with the graph's data file beside the graph.
/// </summary>
/// <remarks>
/// <para>
/// A client decodes by sending the presents of a call as the pasts of the next; the first call has pasts of length 0. Triton
/// puts requests into one batch when each of their inputs has the same shape, so prompts share a batch with prompts of the
/// same length, and steps with steps of sequences that are as far along. Clients that pad their prompts to few lengths get
/// larger batches.
/// </para>
/// <para>
/// Triton can also keep the cache itself (<c>sequence_batching { state { ... } }</c>), which saves sending it. Its batches
/// need equal shapes, too, and a sequence must begin with a state of length 0. That form is left to whoever has a server to
/// try it on.
/// </para>
/// <para>
/// Field names: <see href="https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto">model_config.proto</see>.
/// </para>
/// </remarks>
internal static class TritonRepository
{
    /// <summary>The configuration, in the model's folder.</summary>
    public const string ConfigFile = FileNames.TritonConfig;

    /// <summary>The graph's first version, in the model's folder. Its name is what Triton looks for.</summary>
    public const string GraphFile = "1/model.onnx";

    /// <summary>The text of <see cref="ConfigFile"/>, for the ONNX Runtime backend with dynamic batching.</summary>
    /// <param name="name">The model's name, which must be its folder's.</param>
    /// <param name="graph">What the backend will run: its inputs and outputs, which all begin with the batch.</param>
    /// <param name="maxBatchSize">Sequences in one call, 1 or more.</param>
    /// <param name="tensorRtOptions">
    /// The TensorRT provider's options by name, such as <see cref="TensorRtProfile.Options"/>; null for a graph that it is
    /// not to run.
    /// </param>
    /// <exception cref="ExportException">An input or output has no batch, or elements that Triton cannot send.</exception>
    public static string Config(
        string name, Graph graph, int maxBatchSize, IEnumerable<KeyValuePair<string, string>>? tensorRtOptions = null)
    {
        var text = new ProtobufText();
        text.Comment("First call: past_key_values of length 0. Then: the presents of the call before.");
        text.Text("name", name);
        text.Text("backend", "onnxruntime");
        text.Number("max_batch_size", maxBatchSize);
        foreach (var input in graph.Inputs)
        {
            text.Message("input", () => WriteTensor(text, input));
        }

        foreach (var output in graph.Outputs)
        {
            text.Message("output", () => WriteTensor(text, output));
        }

        text.Message("dynamic_batching", () => { });
        text.Comment("One instance: each has the weights to itself. On a GPU where there is one.");
        text.Message("instance_group", () =>
        {
            text.Number("count", 1);
            text.Word("kind", "KIND_AUTO");
        });
        if (tensorRtOptions is not null)
        {
            WriteAccelerator(text, tensorRtOptions);
        }

        return text.ToString();
    }

    // Dimensions without the batch; Triton writes -1 for a length that varies.
    private static void WriteTensor(ProtobufText text, Value tensor)
    {
        if (tensor.Shape.Count < 2 || tensor.Shape[0].Symbol is null)
        {
            throw new ExportException(nameof(TritonRepository), $"'{tensor}' has no batch as its first dimension, by which Triton could join requests; expected one: export with a pause count that is baked in.");
        }

        text.Text("name", tensor.Name);
        text.Word("data_type", DataType(tensor));
        text.Numbers("dims", tensor.Shape.Skip(1).Select(d => d.Length ?? -1));
    }

    private static string DataType(Value tensor) => tensor.Type switch
    {
        DType.Float32 => "TYPE_FP32",
        DType.Float16 => "TYPE_FP16",
        DType.BFloat16 => "TYPE_BF16",
        DType.Int64 => "TYPE_INT64",
        _ => throw new ExportException(nameof(TritonRepository), $"'{tensor}' has elements of a type that Triton's clients are not known to send; expected float32, float16, bfloat16 or int64."),
    };

    private static void WriteAccelerator(ProtobufText text, IEnumerable<KeyValuePair<string, string>> options) =>
        text.Message("optimization", () => text.Message("execution_accelerators", () => text.Message("gpu_execution_accelerator", () =>
        {
            text.Text("name", "tensorrt");
            foreach (var (key, value) in options)
            {
                text.Message("parameters", () =>
                {
                    text.Text("key", key);
                    text.Text("value", value);
                });
            }
        })));
}
