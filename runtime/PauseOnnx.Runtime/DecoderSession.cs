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
    private readonly InferenceSession _session;
    private int _users = 1;

    private DecoderSession(InferenceSession session, ModelConfig config, GraphPrecision precision)
    {
        _session = session;
        (Config, Precision, Cache) = (config, precision, CacheLayout.Of(session));
        IsPauseCountDynamic = session.OverridableInitializerMetadata.ContainsKey(GraphNames.PauseCount);
        var metadata = session.ModelMetadata.CustomMetadataMap;
        PauseCount = int.TryParse(metadata.GetValueOrDefault(MetadataNames.PauseCount), out var count) ? count : config.Pause?.Count ?? 0;
    }

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>What numbers the graph holds and computes with.</summary>
    public GraphPrecision Precision { get; }

    /// <summary>How the graph takes and gives keys and values.</summary>
    public CacheLayout Cache { get; }

    /// <summary>Positions that a sequence can have, pauses included: the model's, or fewer where the graph's cache has fewer.</summary>
    public int MaxLength => Math.Min(Config.MaxPositionEmbeddings, Cache.FixedLength ?? int.MaxValue);

    /// <summary>M_inf of the graph: baked in, or the default of a dynamic one.</summary>
    public int PauseCount { get; }

    /// <summary>Whether a call may choose M_inf.</summary>
    public bool IsPauseCountDynamic { get; }

    /// <summary>Loads a graph, held by the caller until its <see cref="Release"/>.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="precision">Which of its graphs.</param>
    /// <param name="config">The shape of the model.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="ModelFormatException">The graph cannot be loaded, contradicts itself or does not fit the configuration.</exception>
    public static DecoderSession Load(string folder, GraphPrecision precision, ModelConfig config, PauseModelOptions options)
    {
        var file = Path.Combine(folder, GraphPrecisions.FileOf(precision));
        var session = SessionFactory.Create(file, options);
        try
        {
            ModelFormatException.ThrowIfAny(GraphContract.FindFaults(session, config, precision), file);
            return new DecoderSession(session, config, precision);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Names of the inputs and outputs with the values of one batch.</summary>
    public OrtIoBinding CreateBinding() => _session.CreateIoBinding();

    /// <summary>Computes the graph once.</summary>
    public void Run(RunOptions options, OrtIoBinding binding) => _session.RunWithBinding(options, binding);

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
            _session.Dispose();
        }
    }
}
