using System.Collections;
using System.Runtime.CompilerServices;

namespace PauseOnnx.Exporter.Ir;

/// <summary>Element types of the graphs.</summary>
internal enum DType
{
    /// <summary>A file that was read does not say. No graph that is written has it.</summary>
    Undefined,
    Float32,
    Float16,
    BFloat16,
    Int64,
    Int32,
    Int8,
    UInt8,
    Int4,
    UInt4,
    Bool,
}

/// <summary>Sizes of element types.</summary>
internal static class DTypes
{
    /// <summary>Bytes that a tensor takes; int4 elements lie two in a byte.</summary>
    public static long BytesOf(DType type, long elements) => type switch
    {
        DType.Float32 or DType.Int32 => 4 * elements,
        DType.Int64 => 8 * elements,
        DType.Float16 or DType.BFloat16 => 2 * elements,
        DType.Int4 or DType.UInt4 => (elements + 1) / 2,
        _ => elements,
    };
}

/// <summary>One dimension: a known length, or a symbolic dimension that is only known when the model runs.</summary>
/// <remarks>Two symbolic dimensions are equal when their names are: a name stands for one length throughout a graph.</remarks>
internal readonly record struct Dim
{
    private Dim(long? length, string? symbol) => (Length, Symbol) = (length, symbol);

    /// <summary>The length; null for a symbolic dimension.</summary>
    public long? Length { get; }

    /// <summary>The symbol; null for a known length.</summary>
    public string? Symbol { get; }

    public static implicit operator Dim(long length) => new(length, null);

    public static implicit operator Dim(string symbol) => new(null, symbol);

    public override string ToString() => Symbol ?? $"{Length}";
}

/// <summary>Dimensions, outermost first; empty for a scalar. The rank is always known.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
internal sealed class Shape : IReadOnlyList<Dim>, IEquatable<Shape>
{
    private readonly Dim[] _dims;

    private Shape(Dim[] dims) => _dims = dims;

    public int Count => _dims.Length;

    /// <summary>Number of elements; null when a dimension is symbolic.</summary>
    public long? ElementCount => _dims.All(d => d.Length is not null) ? _dims.Aggregate(1L, (n, d) => checked(n * d.Length!.Value)) : null;

    public Dim this[int axis] => _dims[axis];

    public static Shape Create(ReadOnlySpan<Dim> dims) => new(dims.ToArray());

    /// <summary>The shape of an elementwise operator's result, by ONNX's (NumPy's) broadcasting rule.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or only might.</exception>
    public static Shape Broadcast(Shape a, Shape b)
    {
        var rank = Math.Max(a.Count, b.Count);
        var dims = new Dim[rank];
        for (var i = 1; i <= rank; i++)
        {
            var (x, y) = (i <= a.Count ? a[^i] : 1, i <= b.Count ? b[^i] : 1);
            dims[^i] = x == y || y == 1 ? x
                : x == 1 ? y
                : throw new ArgumentException($"Shapes {a} and {b} do not broadcast: {x} meets {y}; expected equal dimensions or 1.");
        }

        return new(dims);
    }

    /// <summary>This shape with one dimension changed.</summary>
    public Shape With(int axis, Dim dim)
    {
        var dims = (Dim[])_dims.Clone();
        dims[axis] = dim;
        return new(dims);
    }

    public bool Equals(Shape? other) => other is not null && _dims.AsSpan().SequenceEqual(other._dims);

    public override bool Equals(object? obj) => Equals(obj as Shape);

    public override int GetHashCode() => _dims.Aggregate(_dims.Length, HashCode.Combine);

    public override string ToString() => $"[{string.Join(", ", _dims)}]";

    public IEnumerator<Dim> GetEnumerator() => ((IEnumerable<Dim>)_dims).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
