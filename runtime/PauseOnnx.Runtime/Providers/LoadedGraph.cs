using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>A session with the place where its provider keeps keys and values.</summary>
/// <remarks>Owns the session and the allocator; what is made with the allocator must be disposed before.</remarks>
internal sealed class LoadedGraph : IDisposable
{
    private readonly IDisposable _memoryInfos;

    /// <summary>Takes over a session.</summary>
    /// <param name="session">The loaded graph.</param>
    /// <param name="providerName">Of the provider that was put first.</param>
    public LoadedGraph(InferenceSession session, string providerName)
    {
        (Session, ProviderName) = (session, providerName);

        // Asked of the session rather than derived from the provider: it knows where it has put the nodes, plug-ins' too.
        // A graph without a cache is refused later, by name.
        var present = IndexOf(session.OutputNames, GraphNames.PresentKey(0));
        var outputs = session.GetMemoryInfosForOutputs();
        _memoryInfos = outputs;
        CacheMemory = present >= 0 ? outputs.ElementAt(present) : OrtMemoryInfo.DefaultInstance;
        IsCacheOnHost = CacheMemory.GetDeviceType() == OrtMemoryInfoDeviceType.CPU;
        CacheAllocator = IsCacheOnHost ? OrtAllocator.DefaultInstance : new OrtAllocator(session, CacheMemory);
    }

    /// <summary>The graph.</summary>
    public InferenceSession Session { get; }

    /// <summary>What computes it: <c>cpu</c>, <c>cuda</c>, <c>tensorrt</c>, or a plug-in's name.</summary>
    public string ProviderName { get; }

    /// <summary>Where the graph puts its presents, and should find its pasts: bind outputs there, and nothing is copied.</summary>
    public OrtMemoryInfo CacheMemory { get; }

    /// <summary>Whether <see cref="CacheMemory"/> is the processor's, so that .NET can read and write it.</summary>
    public bool IsCacheOnHost { get; }

    /// <summary>Allocates in <see cref="CacheMemory"/>: the buffers of a shared cache, the first past of a growing one.</summary>
    public OrtAllocator CacheAllocator { get; }

    /// <summary>Unloads the graph.</summary>
    public void Dispose()
    {
        if (!IsCacheOnHost)
        {
            CacheAllocator.Dispose();
        }

        _memoryInfos.Dispose();
        Session.Dispose();
    }

    private static int IndexOf(IReadOnlyList<string> names, string name) => names.Index().Where(n => n.Item == name).Select(n => n.Index).FirstOrDefault(-1);
}
