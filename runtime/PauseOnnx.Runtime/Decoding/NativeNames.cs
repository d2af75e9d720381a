using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>Names of a graph's inputs and outputs as ONNX Runtime's C interface takes them, UTF-8 ended by a zero, made once a graph.</summary>
internal sealed class NativeNames : IDisposable
{
    private readonly List<nint> _all = [];

    /// <summary>Makes the names for L layers.</summary>
    public NativeNames(int layers)
    {
        (InputIds, AttentionMask, Logits) = (Make(GraphNames.InputIds), Make(GraphNames.AttentionMask), Make(GraphNames.Logits));
        Past = [.. Enumerable.Range(0, layers).SelectMany(l => new[] { Make(GraphNames.PastKey(l)), Make(GraphNames.PastValue(l)) })];
        Present = [.. Enumerable.Range(0, layers).SelectMany(l => new[] { Make(GraphNames.PresentKey(l)), Make(GraphNames.PresentValue(l)) })];
    }

    /// <summary><see cref="GraphNames.InputIds"/>.</summary>
    public nint InputIds { get; }

    /// <summary><see cref="GraphNames.AttentionMask"/>.</summary>
    public nint AttentionMask { get; }

    /// <summary><see cref="GraphNames.Logits"/>.</summary>
    public nint Logits { get; }

    /// <summary>Key and value of each layer, 2 L names.</summary>
    public nint[] Past { get; }

    /// <summary>Key and value of each layer, 2 L names.</summary>
    public nint[] Present { get; }

    /// <summary>Frees them.</summary>
    public void Dispose()
    {
        _all.ForEach(Marshal.FreeCoTaskMem);
        _all.Clear();
    }

    private nint Make(string name)
    {
        _all.Add(Marshal.StringToCoTaskMemUTF8(name));
        return _all[^1];
    }
}
