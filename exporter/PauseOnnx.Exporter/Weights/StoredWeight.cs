using System.Buffers;
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
    /// <summary>Bytes of a weight that may be in memory at once; of a larger one, what was read is given back.</summary>
    public const long LargestResident = 128 << 20;

    /// <summary>What the system maps around a page that is touched, in bytes.</summary>
    private const long FaultAround = 64 << 10;

    /// <summary>Rows that are turned at once.</summary>
    private const int StripRows = 64;

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

        Touch(rows, columns);
    }

    /// <summary>Reads a part [rows, columns] of the matrix turned, [columns, rows].</summary>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="firstColumn">First column.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="values">Where to, row-major.</param>
    /// <param name="stride">Elements from one row of <paramref name="values"/> to the next.</param>
    /// <exception cref="ModelFormatException">An element is not finite.</exception>
    public void ReadTurned(long firstRow, int rows, long firstColumn, int columns, Span<float> values, int stride)
    {
        var isInPlace = _entry.Type == SafetensorsType.F32;
        var buffer = isInPlace ? [] : ArrayPool<float>.Shared.Rent(StripRows * columns);
        for (var row = 0; row < rows; row += StripRows)
        {
            var count = Math.Min(StripRows, rows - row);
            var start = ((firstRow + row) * Columns) + firstColumn;
            if (isInPlace)
            {
                var strip = _file.AsFloats(_entry, start, checked(((count - 1) * (int)Columns) + columns));
                if (!Transposition.Turn(strip, (int)Columns, count, columns, values[row..], stride))
                {
                    Read(firstRow + row, count, firstColumn, columns, new float[count * columns]);
                }
            }
            else
            {
                Read(firstRow + row, count, firstColumn, columns, buffer);
                Transposition.Turn(buffer, columns, count, columns, values[row..], stride);
            }
        }

        if (isInPlace)
        {
            Touch(rows, columns);
        }
        else
        {
            ArrayPool<float>.Shared.Return(buffer);
        }
    }

    /// <summary>Gives the pages that were read back to the system.</summary>
    public void Release()
    {
        Interlocked.Exchange(ref _touched, 0);
        _file.Release(_entry);
    }

    /// <summary>Names an element, for messages: <c>Weight 'x' at [3, 5] (file)</c>.</summary>
    public string Describe(long element) => $"Weight '{_entry.Name}' at {FiniteWeights.PlaceOf(_entry, element)} ({_file.Path})";

    // A part of a row brings what lies around it into memory.
    private void Touch(int rows, int columns) => Touch(rows * Math.Min(Columns * ElementSize, (columns * ElementSize) + FaultAround));

    private void Touch(long bytes)
    {
        if (_entry.Length > LargestResident && Interlocked.Add(ref _touched, bytes) > LargestResident)
        {
            Release();
        }
    }
}
