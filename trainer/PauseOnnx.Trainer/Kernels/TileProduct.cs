using System.Runtime.Intrinsics;

namespace PauseOnnx.Trainer;

/// <summary>The innermost loop of <see cref="FusedCausalAttention"/>: products of small tiles, held in registers.</summary>
internal static unsafe class TileProduct
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 8;

    /// <summary>Columns of a tile: two vectors.</summary>
    public const int Columns = 32;

    private const int Half = 16;

    /// <summary>c = a b, or c += a b, for matrices whose sizes are multiples of a tile's.</summary>
    /// <param name="rows">Rows of a and c, a multiple of <see cref="Rows"/>.</param>
    /// <param name="inner">Columns of a and rows of b.</param>
    /// <param name="columns">Columns of b and c, a multiple of <see cref="Columns"/>.</param>
    /// <param name="a">Element (r, k) lies at r * rowStep + k * columnStep, so that a may be transposed.</param>
    /// <param name="b">Rows, stride apart.</param>
    /// <param name="c">Rows, stride apart.</param>
    /// <param name="add">Whether to add to c.</param>
    public static void Multiply(
        int rows, int inner, int columns, (nint Address, long RowStep, long ColumnStep) a, (nint Address, long Stride) b, (nint Address, long Stride) c, bool add)
    {
        for (var row = 0; row < rows; row += Rows)
        {
            for (var column = 0; column < columns; column += Columns)
            {
                Tile(
                    inner, (float*)a.Address + (row * a.RowStep), a.RowStep, a.ColumnStep, (float*)b.Address + column, b.Stride,
                    (float*)c.Address + (row * c.Stride) + column, c.Stride, add);
            }
        }
    }

    // Eight rows of two vectors: sixteen sums that stay in registers while k runs.
    private static void Tile(int inner, float* a, long row, long step, float* b, long strideOfB, float* c, long strideOfC, bool add)
    {
        Vector512<float> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        Vector512<float> s40 = default, s41 = default, s50 = default, s51 = default, s60 = default, s61 = default, s70 = default, s71 = default;
        for (var k = 0; k < inner; k++)
        {
            var (b0, b1) = (Vector512.Load(b), Vector512.Load(b + Half));
            var v = Vector512.Create(a[0]);
            s00 = Vector512.FusedMultiplyAdd(v, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(v, b1, s01);
            v = Vector512.Create(a[row]);
            s10 = Vector512.FusedMultiplyAdd(v, b0, s10);
            s11 = Vector512.FusedMultiplyAdd(v, b1, s11);
            v = Vector512.Create(a[2 * row]);
            s20 = Vector512.FusedMultiplyAdd(v, b0, s20);
            s21 = Vector512.FusedMultiplyAdd(v, b1, s21);
            v = Vector512.Create(a[3 * row]);
            s30 = Vector512.FusedMultiplyAdd(v, b0, s30);
            s31 = Vector512.FusedMultiplyAdd(v, b1, s31);
            v = Vector512.Create(a[4 * row]);
            s40 = Vector512.FusedMultiplyAdd(v, b0, s40);
            s41 = Vector512.FusedMultiplyAdd(v, b1, s41);
            v = Vector512.Create(a[5 * row]);
            s50 = Vector512.FusedMultiplyAdd(v, b0, s50);
            s51 = Vector512.FusedMultiplyAdd(v, b1, s51);
            v = Vector512.Create(a[6 * row]);
            s60 = Vector512.FusedMultiplyAdd(v, b0, s60);
            s61 = Vector512.FusedMultiplyAdd(v, b1, s61);
            v = Vector512.Create(a[7 * row]);
            s70 = Vector512.FusedMultiplyAdd(v, b0, s70);
            s71 = Vector512.FusedMultiplyAdd(v, b1, s71);
            a += step;
            b += strideOfB;
        }

        Store(c, s00, s01, add);
        Store(c + strideOfC, s10, s11, add);
        Store(c + (2 * strideOfC), s20, s21, add);
        Store(c + (3 * strideOfC), s30, s31, add);
        Store(c + (4 * strideOfC), s40, s41, add);
        Store(c + (5 * strideOfC), s50, s51, add);
        Store(c + (6 * strideOfC), s60, s61, add);
        Store(c + (7 * strideOfC), s70, s71, add);
    }

    private static void Store(float* c, Vector512<float> first, Vector512<float> second, bool add)
    {
        (add ? first + Vector512.Load(c) : first).Store(c);
        (add ? second + Vector512.Load(c + Half) : second).Store(c + Half);
    }
}
