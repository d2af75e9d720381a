using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PauseOnnx.Exporter.Weights;

/// <summary>Turns matrices of weights, and sees on the way whether all of them are finite.</summary>
internal static class Transposition
{
    /// <summary>Rows and columns that are turned in registers.</summary>
    private const int Square = 8;

    /// <summary>Rows that become one piece of each row of the result: a cache line, written whole.</summary>
    private const int Strip = 2 * Square;

    // Without its sign, a float's bits grow with its magnitude; infinity and then NaN come last.
    private const int Infinity = 0x7F800000;

    /// <summary>[rows, columns] to [columns, rows].</summary>
    /// <param name="source">Row-major.</param>
    /// <param name="sourceStride">Elements from one row of the source to the next.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    /// <param name="destination">Row-major.</param>
    /// <param name="stride">Elements from one row of the destination to the next.</param>
    /// <returns>Whether every value is finite.</returns>
    public static bool Turn(ReadOnlySpan<float> source, int sourceStride, int rows, int columns, Span<float> destination, int stride)
    {
        if (rows == 0 || columns == 0)
        {
            return true;
        }

        // Nothing below looks at lengths any more.
        ref var from = ref MemoryMarshal.GetReference(source[..(((rows - 1) * sourceStride) + columns)]);
        ref var to = ref MemoryMarshal.GetReference(destination[..(((columns - 1) * stride) + rows)]);
        var (wholeRows, wholeColumns) = Avx2.IsSupported ? (rows / Square * Square, columns / Square * Square) : (0, 0);
        var largest = TurnSquares(ref from, sourceStride, wholeRows, wholeColumns, ref to, stride);
        var isFinite = Vector256.LessThanAll(largest, Vector256.Create(Infinity));
        for (var row = 0; row < rows; row++)
        {
            for (var column = row < wholeRows ? wholeColumns : 0; column < columns; column++)
            {
                var value = Unsafe.Add(ref from, (row * sourceStride) + column);
                Unsafe.Add(ref to, (column * stride) + row) = value;
                isFinite &= float.IsFinite(value);
            }
        }

        return isFinite;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<int> TurnSquares(ref float source, int sourceStride, int rows, int columns, ref float destination, int stride)
    {
        var largest = Vector256<int>.Zero;
        for (var strip = 0; strip < rows; strip += Strip)
        {
            var end = Math.Min(strip + Strip, rows);
            for (var column = 0; column < columns; column += Square)
            {
                for (var row = strip; row < end; row += Square)
                {
                    ref var from = ref Unsafe.Add(ref source, (row * sourceStride) + column);
                    ref var to = ref Unsafe.Add(ref destination, (column * stride) + row);
                    largest = TurnSquare(ref from, sourceStride, ref to, stride, largest);
                }
            }
        }

        return largest;
    }

    // Neighbours in pairs, pairs in fours, fours in eights.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> TurnSquare(ref float source, int sourceStride, ref float destination, int stride, Vector256<int> largest)
    {
        var a = Load(ref source, 0 * sourceStride, ref largest);
        var b = Load(ref source, 1 * sourceStride, ref largest);
        var c = Load(ref source, 2 * sourceStride, ref largest);
        var d = Load(ref source, 3 * sourceStride, ref largest);
        var e = Load(ref source, 4 * sourceStride, ref largest);
        var f = Load(ref source, 5 * sourceStride, ref largest);
        var g = Load(ref source, 6 * sourceStride, ref largest);
        var h = Load(ref source, 7 * sourceStride, ref largest);
        var (ab, cd, ef, gh) = (Avx.UnpackLow(a, b), Avx.UnpackLow(c, d), Avx.UnpackLow(e, f), Avx.UnpackLow(g, h));
        Store(Avx.Shuffle(ab, cd, 0x44), Avx.Shuffle(ef, gh, 0x44), ref destination, 0, stride);
        Store(Avx.Shuffle(ab, cd, 0xEE), Avx.Shuffle(ef, gh, 0xEE), ref destination, 1, stride);
        (ab, cd, ef, gh) = (Avx.UnpackHigh(a, b), Avx.UnpackHigh(c, d), Avx.UnpackHigh(e, f), Avx.UnpackHigh(g, h));
        Store(Avx.Shuffle(ab, cd, 0x44), Avx.Shuffle(ef, gh, 0x44), ref destination, 2, stride);
        Store(Avx.Shuffle(ab, cd, 0xEE), Avx.Shuffle(ef, gh, 0xEE), ref destination, 3, stride);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(ref float source, int offset, ref Vector256<int> largest)
    {
        var values = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, offset));
        largest = Vector256.Max(largest, values.AsInt32() & Vector256.Create(int.MaxValue));
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> first, Vector256<float> second, ref float destination, int row, int stride)
    {
        Avx.Permute2x128(first, second, 0x20).StoreUnsafe(ref Unsafe.Add(ref destination, row * stride));
        Avx.Permute2x128(first, second, 0x31).StoreUnsafe(ref Unsafe.Add(ref destination, (row + 4) * stride));
    }
}
