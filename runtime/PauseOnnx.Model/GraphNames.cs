namespace PauseOnnx.Model;

/// <summary>Names of the exported graph: the contract between the exporter and every host.</summary>
public static class GraphNames
{
    /// <summary>int64 [B, T]: token ids.</summary>
    public const string InputIds = "input_ids";

    /// <summary>int64 [B, P_host + T]: 1 = real, 0 = left padding; the host does not count pauses.</summary>
    public const string AttentionMask = "attention_mask";

    /// <summary>int64 []: M_inf; an initializer, and also an optional input when exported with a dynamic pause count.</summary>
    public const string PauseCount = "pause_count";

    /// <summary>float32 [B, T_out, V]: T_out = 1 on the first call (the last pause), T afterwards.</summary>
    public const string Logits = "logits";

    /// <summary>The domain of PauseOnnx's own two ops.</summary>
    public const string Domain = "ai.pauseonnx";

    /// <summary>Version of <see cref="Domain"/>.</summary>
    public const int DomainVersion = 1;

    /// <summary>The op that appends M pauses to the ids on the first call.</summary>
    public const string AppendPause = "AppendPause";

    /// <summary>The op that lets only the last position (axis 1) through on the first call.</summary>
    public const string DelayedOutput = "DelayedOutput";

    /// <summary>float32 or float16 [B, K, P, D]: keys of a layer so far, pauses included.</summary>
    public static string PastKey(int layer) => $"past_key_values.{layer}.key";

    /// <summary>float32 or float16 [B, K, P, D]: values of a layer so far, pauses included.</summary>
    public static string PastValue(int layer) => $"past_key_values.{layer}.value";

    /// <summary>float32 or float16 [B, K, P', D]: keys to pass as <see cref="PastKey"/> in the next call.</summary>
    public static string PresentKey(int layer) => $"present.{layer}.key";

    /// <summary>float32 or float16 [B, K, P', D]: values to pass as <see cref="PastValue"/> in the next call.</summary>
    public static string PresentValue(int layer) => $"present.{layer}.value";
}

/// <summary>Keys of the ONNX file's metadata_props.</summary>
public static class MetadataNames
{
    /// <summary>What all of them begin with.</summary>
    public const string Prefix = "pauseonnx.";

    /// <summary>Name of the model.</summary>
    public const string ModelName = "pauseonnx.model_name";

    /// <summary>M_inf as a number.</summary>
    public const string PauseCount = "pauseonnx.pause_count";

    /// <summary><c>baked</c> or <c>dynamic</c>.</summary>
    public const string PauseCountMode = "pauseonnx.pause_count_mode";

    /// <summary>One of <see cref="PauseConfig.Trainings"/>, or <c>none</c>.</summary>
    public const string PauseTraining = "pauseonnx.pause_training";

    /// <summary>The kind of host the graph was lowered for, such as <c>portable</c>.</summary>
    public const string Target = "pauseonnx.target";

    /// <summary>One of <see cref="GraphPrecisions.Names"/>.</summary>
    public const string Precision = "pauseonnx.precision";

    /// <summary><see cref="GrowingCache"/> or <see cref="SharedCache"/>.</summary>
    public const string Cache = "pauseonnx.cache";

    /// <summary>
    /// The host gives a past of P positions and gets a present of P + T, pauses included. The first call has P = 0.
    /// </summary>
    public const string GrowingCache = "growing";

    /// <summary>
    /// Past and present are one buffer of as many positions as the host chose, which the graph fills. The first call has a
    /// mask as long as its ids.
    /// </summary>
    public const string SharedCache = "shared";

    /// <summary>Version of the exporter.</summary>
    public const string ToolVersion = "pauseonnx.tool_version";

    /// <summary>SHA-256 of the checkpoint's weight files, in hexadecimal.</summary>
    public const string CheckpointHash = "pauseonnx.checkpoint_sha256";
}
