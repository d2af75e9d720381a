using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Proof;

/// <summary>Who notices a mistake.</summary>
public enum Noticed
{
    /// <summary>Nobody: the file is as good as one without it.</summary>
    Nobody,

    /// <summary>The verifier between passes, or the target's list of operators.</summary>
    Compiler,

    /// <summary>ONNX Runtime, which refuses to load or to run the file.</summary>
    Runtime,

    /// <summary>The proof, which finds other logits.</summary>
    Proof,
}

/// <summary>A checkpoint of random weights on its way through the exporter, where a mistake can be made at every step.</summary>
internal sealed class MutatedModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly GraphPrecision _precision;
    private readonly CheckpointWeights _weights;

    /// <summary>Writes a checkpoint, with a reference for <see cref="PauseCount"/>.</summary>
    /// <param name="configName">One of <see cref="TinyCheckpoint.Configs"/>.</param>
    /// <param name="target">What it is exported for.</param>
    /// <param name="precision">In which precision.</param>
    /// <param name="hasFunctions">Whether the delay is written as functions.</param>
    /// <param name="quantization">How weights become integers, where they do; null for the default.</param>
    /// <param name="isRounded">Whether the reference is that of <see cref="RoundedCheckpoint"/>.</param>
    public MutatedModel(
        string configName,
        ExportTarget target,
        GraphPrecision precision = GraphPrecision.Fp32,
        bool hasFunctions = true,
        QuantizationOptions? quantization = null,
        bool isRounded = false)
    {
        _precision = precision;
        var config = TinyCheckpoint.ConfigFor(configName, target);
        var checkpoint = TinyExport.WriteCheckpoint(_folder.Root, config, PauseCount);
        _weights = CheckpointWeights.Open(checkpoint, config);
        quantization ??= new QuantizationOptions();
        if (isRounded)
        {
            RoundedCheckpoint.Write(checkpoint, _folder["rounded"], precision, quantization);
            ReferenceFile.Write(_folder[FileNames.Reference], PlainReference.Cases(_folder["rounded"], PauseCount));
        }

        Plan = ExportPlan.Read(new ExportOptions
        {
            Checkpoint = checkpoint,
            Output = _folder["model"],
            Target = target,
            Precisions = [precision],
            HasFunctions = hasFunctions,
            Quantization = quantization,
            Reference = isRounded ? _folder[FileNames.Reference] : null,
        });
    }

    /// <summary>M_inf.</summary>
    public static int PauseCount => 4;

    /// <summary>What is exported, and the reference.</summary>
    public ExportPlan Plan { get; }

    /// <summary>Of the cases of the last proof that did not fail; infinite where it failed.</summary>
    public double LargestRelativeError { get; private set; }

    /// <summary>The passes of the export.</summary>
    public IReadOnlyList<IPass> Passes => Plan.Passes(_precision);

    /// <summary>The graph before the first pass.</summary>
    public Graph Lower() => DecoderLowering.Lower(Plan.Config, _weights, new LoweringOptions(Plan.PauseCount, Logits: Plan.Logits));

    /// <summary>The graph after some passes.</summary>
    public Graph Make(IReadOnlyList<IPass> passes, Action<Graph>? mutateFirst = null)
    {
        var graph = Lower();
        mutateFirst?.Invoke(graph);
        PassPipeline.Run(graph, passes);
        return graph;
    }

    /// <summary>Makes, writes and proves a graph.</summary>
    /// <param name="make">Makes the graph, mistakes and all.</param>
    /// <param name="spoil">Changes the bytes of its data file; null for no change.</param>
    public Noticed Prove(Func<Graph> make, Action<ExternalData, byte[]>? spoil = null)
    {
        Graph graph;
        try
        {
            graph = make();
        }
        catch (ExportException)
        {
            return Noticed.Compiler;
        }

        return Verifier.FindFaults(graph).Count > 0 ? Noticed.Compiler : Prove(graph, spoil);
    }

    public void Dispose()
    {
        _weights.Dispose();
        _folder.Dispose();
    }

    private Noticed Prove(Graph graph, Action<ExternalData, byte[]>? spoil)
    {
        var (file, data) = (_folder[FileNames.Onnx], new ExternalData(graph));
        data.Write(file + FileNames.DataSuffix, _ => { });
        if (spoil is not null)
        {
            var bytes = File.ReadAllBytes(file + FileNames.DataSuffix);
            spoil(data, bytes);
            File.WriteAllBytes(file + FileNames.DataSuffix, bytes);
        }

        OnnxWriter.Write(graph, data, file, []);
        try
        {
            LargestRelativeError = double.PositiveInfinity;
            LargestRelativeError = ParityProof.Run(file, Plan, _precision, new ExportMeter(1, Plan.Reference.Count, samples: 0, progress: null, CancellationToken.None))
                .Max(p => p.RelativeError);
            return Noticed.Nobody;
        }
        catch (ExportException e)
        {
            return e.InnerException is OnnxRuntimeException ? Noticed.Runtime : Noticed.Proof;
        }
    }
}
