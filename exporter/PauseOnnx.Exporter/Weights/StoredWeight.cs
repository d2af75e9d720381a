using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// A weight as it lies in the checkpoint, a matrix [rows, columns] row-major or a vector [rows, 1], read as finite float32.
/// What was read stays mapped into memory only up to a limit, however large the weight is.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class StoredWeight
{
    /// <summary>Bytes of the map that may be in memory before they are given back.</summary>
    private const long LargestResident = 128 << 20;

    /// <summary>What the system maps around a page that is touched, in bytes.</summary>
    private const long FaultAround = 64 << 10;

    private readonly SafetensorsFile _file;
    private readonly SafetensorsEntry _entry;
    private long _touched;

    /// <summary>Finds a weight.</summary>
    public StoredWeight(CheckpointWeights weights, string name)
    {
        (_file, _entry) = weights[name];
        Rows = _entry.Shape[0];
        Columns = _entry.Shape.Skip(1).Aggregate(1L, (n, d) => n * d);
    }

    /// <summary>First dimension.</summary>
    public long Rows { get; }

    /// <summary>Product of the others; 1 for a vector.</summary>
    public long Columns { get; }

    private int ElementSize => SafetensorsEntry.SizeOf(_entry.Type);

    /// <summary>Reads consecutive elements.</summary>
    /// <exception cref="ModelFormatException">One of them is not finite.</exception>
    public void Read(long first, Span<float> values)
    {
        _file.ReadAsFloat(_entry, first, values);
        FiniteWeights.Check(values, _file, _entry, first);
        Touch((long)values.Length * ElementSize);
    }

    /// <summary>Reads a part [rows, columns] of the matrix, row-major.</summary>
    /// <exception cref="ModelFormatException">An element is not finite.</exception>
    public void Read(long firstRow, int rows, long firstColumn, int columns, Span<float> values)
    {
        for (var row = 0; row < rows; row++)
        {
            var start = ((firstRow + row) * Columns) + firstColumn;
            var part = values.Slice(row * columns, columns);
            _file.ReadAsFloat(_entry, start, part);
            FiniteWeights.Check(part, _file, _entry, start);
        }

        Touch(rows * Math.Min(Columns * ElementSize, (columns * ElementSize) + FaultAround));
    }

    /// <summary>Gives the pages that were read back to the system.</summary>
    public void Release()
    {
        Interlocked.Exchange(ref _touched, 0);
        _file.Release(_entry);
    }

    /// <summary>Names an element, for messages: <c>Weight 'x' at [3, 5] (file)</c>.</summary>
    public string Describe(long element) => $"Weight '{_entry.Name}' at {FiniteWeights.PlaceOf(_entry, element)} ({_file.Path})";

    private void Touch(long bytes)
    {
        if (Interlocked.Add(ref _touched, bytes) > LargestResident)
        {
            Release();
        }
    }
}
