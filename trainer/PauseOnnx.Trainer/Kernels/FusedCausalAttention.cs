using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static System.Numerics.Tensors.TensorPrimitives;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// Causal attention, softmax(q k^T / sqrt(D)) v over the keys up to each query, a block of queries at a time, so that scores
/// never exist for more than one block. Backward computes them again. On the shapes of small models libtorch's own kernel
/// takes twice as long.
/// </summary>
/// <remarks>
/// See <see href="https://arxiv.org/abs/2205.14135">Dao et al., FlashAttention</see>. Inputs: q (B, H, T, D), k and v
/// (B, K, T, D), float32 with any strides but one along D. Result: (B T, H D). The number of threads changes no bit.
/// </remarks>
internal sealed unsafe class FusedCausalAttention : autograd.SingleTensorFunction<FusedCausalAttention>
{
    // Queries of a block.
    private const int Block = 32;

    /// <inheritdoc/>
    public override string Name => nameof(FusedCausalAttention);

    /// <summary>Whether the loops can take these shapes on this machine.</summary>
    public static bool CanTake(Tensor q) => Vector512.IsHardwareAccelerated && q.dtype == ScalarType.Float32
        && q.device_type == TorchSharp.DeviceType.CPU && q.shape[2] % Block == 0 && q.shape[3] % TileProduct.Columns == 0 && q.stride(3) == 1;

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        var (q, k, v) = ((Tensor)inputs[0], (Tensor)inputs[1], (Tensor)inputs[2]);
        var shape = new Shape(q, k);
        var y = empty([shape.B * shape.T, shape.H * shape.D]);
        var logSums = empty([shape.B, shape.H, shape.T]);
        var (queries, keys, values) = (new Heads(q), new Heads(k), new Heads(v));
        var (output, sums) = (Heads.OfResult(y, shape), TensorMemory.AddressOf(logSums));
        ForEachKeyHead(shape, scratch =>
        {
            var key = keys.At(scratch.Batch, scratch.KeyHead);
            Transpose(key, scratch.Keys, shape);
            for (var h = scratch.KeyHead * shape.Group; h < (scratch.KeyHead + 1) * shape.Group; h++)
            {
                var logSum = sums + (((scratch.Batch * shape.H) + h) * shape.T * sizeof(float));
                ForwardHead(shape, scratch, queries.At(scratch.Batch, h), values.At(scratch.Batch, scratch.KeyHead), output.At(scratch.Batch, h), logSum);
            }
        });
        ctx.save_for_backward([q, k, v, y, logSums]);
        return y;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        var saved = ctx.get_saved_variables();
        using var dy = gradOutput.contiguous();
        var shape = new Shape(saved[0], saved[1]);
        var (dq, dk, dv) = (empty([shape.B, shape.H, shape.T, shape.D]), zeros([shape.B, shape.K, shape.T, shape.D]), zeros([shape.B, shape.K, shape.T, shape.D]));
        var (queries, keys, values) = (new Heads(saved[0]), new Heads(saved[1]), new Heads(saved[2]));
        var (output, slope, sums) = (Heads.OfResult(saved[3], shape), Heads.OfResult(dy, shape), TensorMemory.AddressOf(saved[4]));
        var (dQueries, dKeys, dValues) = (new Heads(dq), new Heads(dk), new Heads(dv));
        ForEachKeyHead(shape, scratch =>
        {
            var (b, keyHead) = (scratch.Batch, scratch.KeyHead);
            Transpose(keys.At(b, keyHead), scratch.Keys, shape);
            Transpose(values.At(b, keyHead), scratch.Values, shape);
            for (var h = keyHead * shape.Group; h < (keyHead + 1) * shape.Group; h++)
            {
                BackwardHead(
                    shape, scratch, new HeadRows(queries.At(b, h), keys.At(b, keyHead), output.At(b, h), slope.At(b, h), sums + (((b * shape.H) + h) * shape.T * sizeof(float))),
                    dQueries.At(b, h), dKeys.At(b, keyHead), dValues.At(b, keyHead));
            }
        });
        foreach (var tensor in saved)
        {
            tensor.Dispose();
        }

        ctx.Dispose();
        return [dq, dk, dv];
    }

    private static void ForwardHead(Shape shape, Scratch scratch, Rows q, Rows v, Rows y, nint logSum)
    {
        var (d, scale) = (shape.D, 1 / MathF.Sqrt(shape.D));
        for (var start = 0; start < shape.T; start += Block)
        {
            var seen = start + Block;
            TileProduct.Multiply(Block, d, seen, (q.Address(start), q.Stride, 1), (scratch.Keys, shape.T), (scratch.Scores, shape.T), add: false);
            for (var r = 0; r < Block; r++)
            {
                var row = scratch.Row(scratch.Scores, r, seen);
                row[(start + r + 1)..].Fill(float.NegativeInfinity);
                (scratch.Sums[r], ((float*)logSum)[start + r]) = Exponentials(row, scale);
            }

            TileProduct.Multiply(Block, seen, d, (scratch.Scores, shape.T, 1), (v.Address(0), v.Stride), (y.Address(start), y.Stride), add: false);
            for (var r = 0; r < Block; r++)
            {
                var row = new Span<float>((float*)y.Address(start + r), d);
                Multiply(row, 1 / scratch.Sums[r], row);
            }
        }
    }

    // Puts exp(scale (x - highest)) in the place of each x; returns their sum and the logarithm of the sum of exp(scale x).
    private static (float Sum, float LogSum) Exponentials(Span<float> row, float scale)
    {
        ref var first = ref MemoryMarshal.GetReference(row);
        var highest = Max<float>(row);
        var (factor, shift, sums) = (Vector512.Create(scale), Vector512.Create(-highest * scale), Vector512<float>.Zero);
        for (nuint i = 0; i < (nuint)row.Length; i += (nuint)Vector512<float>.Count)
        {
            var e = Vector512.Exp(Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref first, i), factor, shift));
            e.StoreUnsafe(ref first, i);
            sums += e;
        }

        var sum = Vector512.Sum(sums);
        return (sum, (highest * scale) + MathF.Log(sum));
    }

    // Scores become probabilities p, and slopes p (slope - delta) scale.
    private static void Slopes(Span<float> scores, Span<float> slopes, float scale, float logSum, float delta)
    {
        ref var score = ref MemoryMarshal.GetReference(scores);
        ref var slope = ref MemoryMarshal.GetReference(slopes);
        var (factor, shift, offset) = (Vector512.Create(scale), Vector512.Create(-logSum), Vector512.Create(-delta));
        for (nuint i = 0; i < (nuint)scores.Length; i += (nuint)Vector512<float>.Count)
        {
            var p = Vector512.Exp(Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref score, i), factor, shift));
            p.StoreUnsafe(ref score, i);
            (p * (Vector512.LoadUnsafe(ref slope, i) + offset) * factor).StoreUnsafe(ref slope, i);
        }
    }

    // p = softmax; dv += p^T dy; dp = dy v^T; ds = p (dp - rowsum(dy y)) scale; dq = ds k; dk += ds^T q.
    private static void BackwardHead(Shape shape, Scratch scratch, HeadRows rows, Rows dq, Rows dk, Rows dv)
    {
        var (d, t, scale) = (shape.D, shape.T, 1 / MathF.Sqrt(shape.D));
        var (q, dy) = (rows.Queries, rows.Slope);
        for (var start = 0; start < t; start += Block)
        {
            var seen = start + Block;
            TileProduct.Multiply(Block, d, seen, (q.Address(start), q.Stride, 1), (scratch.Keys, t), (scratch.Scores, t), add: false);
            TileProduct.Multiply(Block, d, seen, (dy.Address(start), dy.Stride, 1), (scratch.Values, t), (scratch.Slopes, t), add: false);
            for (var r = 0; r < Block; r++)
            {
                var scores = scratch.Row(scratch.Scores, r, seen);
                scores[(start + r + 1)..].Fill(float.NegativeInfinity);
                var delta = Dot(dy.Span(start + r, d), rows.Output.Span(start + r, d));
                Slopes(scores, scratch.Row(scratch.Slopes, r, seen), scale, ((float*)rows.LogSums)[start + r], delta);
            }

            TileProduct.Multiply(seen, Block, d, (scratch.Scores, 1, t), (dy.Address(start), dy.Stride), (dv.Address(0), dv.Stride), add: true);
            TileProduct.Multiply(seen, Block, d, (scratch.Slopes, 1, t), (q.Address(start), q.Stride), (dk.Address(0), dk.Stride), add: true);
            TileProduct.Multiply(Block, seen, d, (scratch.Slopes, t, 1), (rows.Keys.Address(0), rows.Keys.Stride), (dq.Address(start), dq.Stride), add: false);
        }
    }

    // (T, D) with any stride to (D, T), sixteen rows at a time, so that both sides stay in the first-level cache.
    private static void Transpose(Rows source, nint target, Shape shape)
    {
        const int rows = 16;
        for (var t = 0; t < shape.T; t += rows)
        {
            var from = (float*)source.Address(t);
            for (var d = 0; d < shape.D; d++)
            {
                var to = (float*)target + ((long)d * shape.T) + t;
                for (var r = 0; r < rows; r++)
                {
                    to[r] = from[(r * source.Stride) + d];
                }
            }
        }
    }

    // The heads of queries that share keys are one thread's, as they add to the same gradients.
    private static void ForEachKeyHead(Shape shape, Action<Scratch> work)
    {
        var threads = new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() };
        Parallel.For(0, shape.B * shape.K, threads, () => new Scratch(shape), (number, _, scratch) =>
        {
            (scratch.Batch, scratch.KeyHead) = (number / shape.K, number % shape.K);
            work(scratch);
            return scratch;
        }, scratch => scratch.Dispose());
    }

    private readonly record struct Shape(int B, int H, int K, int T, int D)
    {
        public Shape(Tensor q, Tensor k)
            : this((int)q.shape[0], (int)q.shape[1], (int)k.shape[1], (int)q.shape[2], (int)q.shape[3])
        {
        }

        public int Group => H / K;
    }

    // The rows of one head.
    private readonly record struct Rows(nint Base, long Stride)
    {
        public nint Address(int row) => Base + (nint)(row * Stride * sizeof(float));

        public ReadOnlySpan<float> Span(int row, int width) => new((float*)Address(row), width);
    }

    private readonly record struct HeadRows(Rows Queries, Rows Keys, Rows Output, Rows Slope, nint LogSums);

    // The heads of a tensor (B, H, T, D).
    private readonly record struct Heads(nint Base, long OfBatch, long OfHead, long OfRow)
    {
        public Heads(Tensor x)
            : this(TensorMemory.FirstElement(x), x.stride(0), x.stride(1), x.stride(2))
        {
        }

        public static Heads OfResult(Tensor y, Shape shape) => new(TensorMemory.AddressOf(y), (long)shape.T * shape.H * shape.D, shape.D, (long)shape.H * shape.D);

        public Rows At(int batch, int head) => new(Base + (nint)(((batch * OfBatch) + (head * OfHead)) * sizeof(float)), OfRow);
    }

    // What one thread needs beside the tensors.
    private sealed class Scratch(Shape shape) : IDisposable
    {
        private const nuint Alignment = 64;

        public int Batch { get; set; }

        public int KeyHead { get; set; }

        public nint Keys { get; } = Allocate(shape.D * shape.T);

        public nint Values { get; } = Allocate(shape.D * shape.T);

        public nint Scores { get; } = Allocate(Block * shape.T);

        public nint Slopes { get; } = Allocate(Block * shape.T);

        public float[] Sums { get; } = new float[Block];

        public Span<float> Row(nint matrix, int row, int length) => new((float*)matrix + ((long)row * shape.T), length);

        public void Dispose()
        {
            foreach (var block in new[] { Keys, Values, Scores, Slopes })
            {
                NativeMemory.AlignedFree((void*)block);
            }
        }

        private static nint Allocate(int count) => (nint)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), Alignment);
    }
}
