using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>
/// A loaded graph, shared by a model and its generators. The native session lives until the last of them lets go of it,
/// so that disposing a model under a running generator is harmless.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class DecoderSession
{
    private int _users = 1;

    private DecoderSession(LoadedGraph graph, ModelConfig config, GraphPrecision precision)
    {
        var session = graph.Session;
        (Graph, Config, Precision, Cache) = (graph, config, precision, CacheLayout.Of(session));
        Names = new NativeNames(config.NumHiddenLayers);
        PutsOutAllLogits = session.OutputMetadata[GraphNames.Logits].Dimensions[1] != 1;
        IsPauseCountDynamic = session.OverridableInitializerMetadata.ContainsKey(GraphNames.PauseCount);
        var metadata = session.ModelMetadata.CustomMetadataMap;
        Name = metadata.GetValueOrDefault(MetadataNames.ModelName) is { Length: > 0 } name ? name : "unknown";
        PauseCount = int.TryParse(metadata.GetValueOrDefault(MetadataNames.PauseCount), out var count) ? count : config.Pause?.Count ?? 0;
    }

    /// <summary>Name of the model, as its file says.</summary>
    public string Name { get; }

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>What numbers the graph holds and computes with.</summary>
    public GraphPrecision Precision { get; }

    /// <summary>What computes the graph, and where it keeps keys and values.</summary>
    public LoadedGraph Graph { get; }

    /// <summary>How the graph takes and gives keys and values.</summary>
    public CacheLayout Cache { get; }

    /// <summary>Names of its inputs and outputs.</summary>
    public NativeNames Names { get; }

    /// <summary>Whether keys and values live in the processor's memory, where rows can be copied and cut off.</summary>
    public bool IsCacheOnHost => Graph.IsCacheOnHost;

    /// <summary>Positions that a sequence can have, pauses included: the model's, or fewer where the graph's cache has fewer.</summary>
    public int MaxLength => Math.Min(Config.MaxPositionEmbeddings, Cache.FixedLength ?? int.MaxValue);

    /// <summary>M_inf of the graph: baked in, or the default of a dynamic one.</summary>
    public int PauseCount { get; }

    /// <summary>Whether M_inf is an input of the graph.</summary>
    public bool IsPauseCountDynamic { get; }

    /// <summary>
    /// Whether a call may choose M_inf. Where the count is baked in, a past of one masked position keeps the graph from
    /// appending its own; a shared cache cannot have one, as its graph computes the past's length with the pauses.
    /// </summary>
    public bool CanChoosePauseCount => IsPauseCountDynamic || !Cache.IsShared;

    /// <summary>Loads a graph, held by the caller until its <see cref="Release"/>.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="precision">Which of its graphs.</param>
    /// <param name="config">The shape of the model.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="ExecutionProviderException">The provider is not there, or cannot load the graph.</exception>
    /// <exception cref="ModelFormatException">The graph cannot be loaded, contradicts itself or does not fit the configuration.</exception>
    public static DecoderSession Load(string folder, GraphPrecision precision, ModelConfig config, PauseModelOptions options)
    {
        var file = Path.Combine(folder, GraphPrecisions.FileOf(precision));
        var graph = SessionFactory.Create(file, options);
        try
        {
            ModelFormatException.ThrowIfAny(GraphContract.FindFaults(graph.Session, config, precision), file);
            return new DecoderSession(graph, config, precision);
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    /// <summary>Whether a later call puts out the logits of all its tokens, rather than of the last alone.</summary>
    public bool PutsOutAllLogits { get; }

    /// <summary>Tokens that a sequence can still get; the last is only produced and needs no position.</summary>
    /// <param name="length">Tokens that it has.</param>
    /// <param name="paddedLength">The same with its left padding, which a buffer of fixed length holds too.</param>
    /// <param name="pauseCount">Pauses after them.</param>
    public int RoomAfter(int length, int paddedLength, int pauseCount) =>
        Math.Min(Config.MaxPositionEmbeddings - length, (Cache.FixedLength ?? int.MaxValue) - paddedLength) - pauseCount + 1;

    /// <summary>Names of the inputs and outputs with the values of one batch.</summary>
    public OrtIoBinding CreateBinding() => Graph.Session.CreateIoBinding();

    /// <summary>Computes the graph once.</summary>
    public void Run(RunOptions options, OrtIoBinding binding) => Graph.Session.RunWithBinding(options, binding);

    /// <summary>Keeps the session loaded until the matching <see cref="Release"/>.</summary>
    /// <exception cref="ObjectDisposedException">Everybody has released it already.</exception>
    public void Retain()
    {
        for (var users = Volatile.Read(ref _users); users > 0; users = Volatile.Read(ref _users))
        {
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return;
            }
        }

        throw new ObjectDisposedException(nameof(PauseModel));
    }

    /// <summary>Lets go; the last one unloads the graph.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Graph.Dispose();
            Names.Dispose();
        }
    }
}
