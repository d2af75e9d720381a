using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Passes;

/// <summary>A kind of host: the passes that make its graph of the one lowering, and what the host must know of it.</summary>
internal sealed record Target
{
    /// <summary>Name in commands and reports.</summary>
    public required string Name { get; init; }

    /// <summary>What is done to a simplified graph; precision and simplification come after it.</summary>
    public required IReadOnlyList<IPass> Passes { get; init; }

    /// <summary>Version of ONNX's own operators.</summary>
    public required int Opset { get; init; }

    /// <summary>The only operators that the host has; null where it has all of its opset.</summary>
    public IReadOnlySet<string>? Operators { get; init; }

    /// <summary>Precisions that the host can run.</summary>
    public required IReadOnlyList<GraphPrecision> Precisions { get; init; }

    /// <summary>Why the host cannot run a precision that is not one of <see cref="Precisions"/>.</summary>
    public required Func<GraphPrecision, string> Refusal { get; init; }

    /// <summary>Whether past and present are one buffer of the host's.</summary>
    public bool HasSharedCache { get; init; }

    /// <summary>Whether the host knows functions of the model's own.</summary>
    public bool HasFunctions { get; init; } = true;

    /// <summary>Whether the host's attention can have fewer queries than new keys.</summary>
    public bool HasFewerQueries { get; init; } = true;

    /// <summary>What the width of a head must be a multiple of.</summary>
    public int HeadDimMultiple { get; init; } = 1;

    /// <summary>The positions that the host wants logits of; null where the user may choose.</summary>
    public LogitsOf? Logits { get; init; }
}

/// <summary>Every target, and every pass of an export in its order: the one place to add either.</summary>
internal static class Targets
{
    private static readonly IPass[] Simplify = [new ConstantFolding(), new IdentityRemoval(), new CommonSubexpressions(), new DeadNodes()];

    private static readonly IPass[] ToOpset17 = [new ExpandAttention(), new ExpandRotary(), new ExpandNorms(), new ExpandGelu()];

    // Blocks are opset 21's.
    private static readonly GraphPrecision[] WithoutBlocks = [GraphPrecision.Fp32, GraphPrecision.Fp16, GraphPrecision.Bf16, GraphPrecision.DynamicInt8];

    // The buffer's type is the one that attention computes with.
    private static readonly GraphPrecision[] WithoutWideCache =
        [GraphPrecision.Fp32, GraphPrecision.Fp16, GraphPrecision.BlockInt8, GraphPrecision.BlockInt4, GraphPrecision.DynamicInt8];

    private static readonly Func<GraphPrecision, string> BlocksNeedOpset21 = _ => "weights in blocks need opset 21, and it has 17";

    private static readonly Func<GraphPrecision, string> OneType = _ => "its buffer of keys and values has the type that it computes with";

    private static readonly Func<GraphPrecision, string> NotParsed = precision => precision == GraphPrecision.DynamicInt8
        ? "TensorRT has no DynamicQuantizeLinear and no MatMulInteger"
        : "TensorRT does not multiply weights in blocks of 32";

    private static readonly Dictionary<ExportTarget, Target> All = new()
    {
        [ExportTarget.Portable] = new()
        {
            Name = "portable",
            Passes = ToOpset17,
            Opset = 17,
            Precisions = WithoutBlocks,
            Refusal = BlocksNeedOpset21,
        },
        [ExportTarget.Standard] = new()
        {
            Name = "standard",
            Passes = [],
            Opset = 23,
            Precisions = Enum.GetValues<GraphPrecision>(),
            Refusal = _ => "",
        },
        [ExportTarget.SharedCache] = new()
        {
            Name = "shared-cache",
            Passes = [new SharedCache()],
            Opset = 24,
            Precisions = WithoutWideCache,
            Refusal = OneType,
            HasSharedCache = true,
        },
        [ExportTarget.GenAI] = new()
        {
            Name = "genai",
            Passes = [new GroupQueryAttention()],
            Opset = 21,
            Precisions = WithoutWideCache,
            Refusal = OneType,
            HasSharedCache = true,
            HasFewerQueries = false,
            HeadDimMultiple = 8,
            Logits = LogitsOf.Last,
        },
        [ExportTarget.TensorRT] = new()
        {
            Name = "tensorrt",
            Passes = ToOpset17,
            Opset = 17,
            Precisions = [GraphPrecision.Fp32, GraphPrecision.Fp16, GraphPrecision.Bf16],
            Refusal = NotParsed,
            HasFunctions = false,
        },
        [ExportTarget.Triton] = new()
        {
            Name = "triton",
            Passes = ToOpset17,
            Opset = 17,
            Precisions = WithoutBlocks,
            Refusal = BlocksNeedOpset21,
        },
    };

    /// <summary>The description of a target.</summary>
    public static Target Of(ExportTarget target) => All[target];

    /// <summary>Every pass of an export, in order.</summary>
    /// <param name="target">The kind of host.</param>
    /// <param name="precision">What numbers the graph holds.</param>
    /// <param name="quantization">How weights are quantized, where the precision has integers.</param>
    /// <param name="hasFunctions">Whether the graph may have functions of its own.</param>
    public static IReadOnlyList<IPass> PassesOf(Target target, GraphPrecision precision, QuantizationOptions quantization, bool hasFunctions) =>
    [
        .. Simplify,
        new EarlyDelay(target.HasFewerQueries),
        new JoinProjections(),
        new JoinRotary(),
        .. PrecisionPasses(precision, quantization),
        .. target.Passes,
        .. hasFunctions && target.HasFunctions ? Array.Empty<IPass>() : [new InlineFunctions()],
        .. Simplify,
        new TargetOperators(target.Name, target.Opset, target.Operators),
    ];

    private static IPass[] PrecisionPasses(GraphPrecision precision, QuantizationOptions quantization) => precision switch
    {
        GraphPrecision.Fp16 => [new HalfPrecision()],
        GraphPrecision.Bf16 => [new Bfloat16Weights()],
        GraphPrecision.BlockInt8 => [new QuantizedEmbedding(quantization.Exclude), new BlockQuantization(quantization.Scheme(8), quantization.Exclude)],
        GraphPrecision.BlockInt4 => [new QuantizedEmbedding(quantization.Exclude), new BlockQuantization(quantization.Scheme(4), quantization.Exclude)],
        GraphPrecision.DynamicInt8 => [new QuantizedEmbedding(quantization.Exclude), new DynamicQuantization(quantization.Exclude)],
        _ => [],
    };
}
