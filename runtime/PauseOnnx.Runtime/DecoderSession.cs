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

    private DecoderSession(InferenceSession session, ModelConfig config)
    {
        _session = session;
        Config = config;
        IsPauseCountDynamic = session.OverridableInitializerMetadata.ContainsKey(GraphNames.PauseCount);
        var metadata = session.ModelMetadata.CustomMetadataMap;
        PauseCount = int.TryParse(metadata.GetValueOrDefault(MetadataNames.PauseCount), out var count) ? count : config.Pause?.Count ?? 0;
    }

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>M_inf of the graph: baked in, or the default of a dynamic one.</summary>
    public int PauseCount { get; }

    /// <summary>Whether a call may choose M_inf.</summary>
    public bool IsPauseCountDynamic { get; }

    /// <summary>Loads a graph, held by the caller until its <see cref="Release"/>.</summary>
    /// <exception cref="ModelFormatException">The graph cannot be loaded or does not fit the configuration.</exception>
    public static DecoderSession Load(string file, ModelConfig config, PauseModelOptions options)
    {
        var session = SessionFactory.Create(file, options);
        try
        {
            ModelFormatException.ThrowIfAny(GraphContract.FindFaults(session, config), file);
            return new DecoderSession(session, config);
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
