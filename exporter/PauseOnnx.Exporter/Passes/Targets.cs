using PauseOnnx.Exporter.Hosts;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Passes;

/// <summary>A kind of host: the passes that make its graph of the one lowering, and what the host must know of it.</summary>
internal sealed record Target
{
    /// <summary>Name in commands and reports.</summary>
    public required string Name { get; init; }

    /// <summary>What is done to the lowered graph, once it has its precision.</summary>
    public required Func<PassSettings, IReadOnlyList<IPass>> Passes { get; init; }

    /// <summary>Version of ONNX's own operators.</summary>
    public required int Opset { get; init; }

    /// <summary>What the host lacks beyond its opset, one sentence each.</summary>
    public Func<Graph, IReadOnlyList<string>> FindFaults { get; init; } = _ => [];

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

    /// <summary>Positions that hosts make room for where nobody says; fewer where the model has fewer.</summary>
    public int LargestDefaultLength { get; init; } = int.MaxValue;

    /// <summary>What the width of a head must be a multiple of.</summary>
    public int HeadDimMultiple { get; init; } = 1;

    /// <summary>The positions that the host wants logits of; null where the user may choose.</summary>
    public LogitsOf? Logits { get; init; }
}

/// <summary>What passes need to know of an export.</summary>
/// <param name="Precision">What numbers the graph holds.</param>
/// <param name="MaxLength">Positions that hosts make room for, pauses included.</param>
/// <param name="Quantization">How weights become integers, where the precision has them.</param>
/// <param name="HasFunctions">Whether the graph may have functions of its own.</param>
internal sealed record PassSettings(GraphPrecision Precision, int MaxLength, QuantizationOptions Quantization, bool HasFunctions = true);

/// <summary>Every target, and every pass of an export in its order: the one place to add either.</summary>
internal static class Targets
{
    private static readonly IPass[] Simplify = [new ConstantFolding(), new IdentityRemoval(), new CommonSubexpressions(), new DeadNodes()];

    private static readonly IPass[] ToOpset17 = [new ExpandAttention(), new ExpandRotary(), new ExpandNorms(), new ExpandGelu(), new AxesByAttribute()];

    // Blocks are opset 21's.
    private static readonly GraphPrecision[] WithoutBlocks = [GraphPrecision.Fp32, GraphPrecision.Fp16, GraphPrecision.Bf16, GraphPrecision.DynamicInt8];

    // The buffer's type is the one that attention computes with.
    private static readonly GraphPrecision[] WithoutWideCache =
        [GraphPrecision.Fp32, GraphPrecision.Fp16, GraphPrecision.BlockInt8, GraphPrecision.BlockInt4, GraphPrecision.DynamicInt8];

    private static readonly Func<GraphPrecision, string> BlocksNeedOpset21 = _ => "weights in blocks need opset 21, and it has 17";

    private static readonly Func<GraphPrecision, string> OneType = _ => "its buffer of keys and values has the type that it computes with";

    private static readonly Func<GraphPrecision, string> NotParsed = precision => precision == GraphPrecision.DynamicInt8
        ? "TensorRT has no DynamicQuantizeLinear and no MatMulInteger"
        : "TensorRT wants int4 in blocks of 64 or 128, and documents none of int8";

    private static readonly Dictionary<ExportTarget, Target> All = new()
    {
        [ExportTarget.Portable] = new()
        {
            Name = "portable",
            Passes = _ => ToOpset17,
            Opset = 17,
            Precisions = WithoutBlocks,
            Refusal = BlocksNeedOpset21,
        },
        [ExportTarget.Standard] = new()
        {
            Name = "standard",
            Passes = _ => [],
            Opset = 23,
            Precisions = Enum.GetValues<GraphPrecision>(),
            Refusal = _ => "",
        },
        [ExportTarget.SharedCache] = new()
        {
            Name = "shared-cache",
            Passes = _ => [new SharedCache()],
            Opset = 24,
            Precisions = WithoutWideCache,
            Refusal = OneType,
            HasSharedCache = true,
        },
        [ExportTarget.GenAI] = new()
        {
            Name = "genai",
            Passes = settings => [new GroupQueryAttention(settings.MaxLength)],
            Opset = 21,
            Precisions = WithoutWideCache,
            Refusal = OneType,
            HasSharedCache = true,
            HasFewerQueries = false,
            HeadDimMultiple = 8,
            LargestDefaultLength = 4096,
            Logits = LogitsOf.Last,
        },
        [ExportTarget.TensorRT] = new()
        {
            Name = "tensorrt",
            Passes = _ => ToOpset17,
            Opset = 17,
            Precisions = [GraphPrecision.Fp32, GraphPrecision.Fp16, GraphPrecision.Bf16],
            Refusal = NotParsed,
            FindFaults = TensorRtOperators.FindFaults,
            HasFunctions = false,
            LargestDefaultLength = 4096,
        },
        [ExportTarget.Triton] = new()
        {
            Name = "triton",
            Passes = _ => ToOpset17,
            Opset = 17,
            Precisions = WithoutBlocks,
            Refusal = BlocksNeedOpset21,
        },
    };

    /// <summary>The description of a target.</summary>
    public static Target Of(ExportTarget target) => All[target];

    /// <summary>Every pass of an export, in order.</summary>
    public static IReadOnlyList<IPass> PassesOf(Target target, PassSettings settings) =>
    [
        .. Simplify,
        new EarlyDelay(target.HasFewerQueries),
        new JoinProjections(),
        new JoinRotary(),
        .. PrecisionPasses(settings.Precision, settings.Quantization),
        .. target.Passes(settings),
        .. settings.HasFunctions && target.HasFunctions ? Array.Empty<IPass>() : [new InlineFunctions()],
        .. Simplify,
        new TargetOperators(target.Name, target.Opset, target.HasFunctions, target.FindFaults),
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
