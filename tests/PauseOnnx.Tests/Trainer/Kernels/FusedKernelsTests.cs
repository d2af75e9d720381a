using NUnit.Framework;
using PauseOnnx.Trainer;
using static TorchSharp.torch;

namespace PauseOnnx.Tests.Trainer.Kernels;

/// <summary>Each of our loops against libtorch's own operations in double precision, values and gradients.</summary>
public class FusedKernelsTests
{
    // Whole vectors and a rest; a chunk and several.
    private static readonly long[][] Shapes = [[3, 5], [7, 16], [2, 33, 40], [300, 200]];

    [TestCaseSource(nameof(Shapes))]
    public void FusedGelu_Tensor_EqualsTheFormula(long[] shape) => Check(
        x => FusedGelu.apply(x[0]),
        x => 0.5 * x[0] * (1 + (Math.Sqrt(2 / Math.PI) * (x[0] + (0.044715 * x[0].pow(3)))).tanh()),
        randn(shape) * 3);

    [Test]
    public void FusedGelu_FarFromZero_IsZeroOrTheNumberItself()
    {
        using var scope = NewDisposeScope();
        var x = tensor([-1e30f, -100f, 100f, 1e6f]).requires_grad_(true);
        var y = FusedGelu.apply(x);
        y.sum().backward();
        Assert.That(y.data<float>().ToArray(), Is.EqualTo([0f, 0f, 100f, 1e6f]));
        Assert.That(x.grad!.data<float>().ToArray()[1..], Is.EqualTo([0f, 1f, 1f]));
    }

    [TestCaseSource(nameof(Shapes))]
    public void FusedSwiGlu_Tensors_EqualTheFormula(long[] shape) => Check(
        x => FusedSwiGlu.apply(x[0], x[1]),
        x => x[0] * x[0].sigmoid() * x[1],
        randn(shape) * 3, randn(shape));

    [TestCaseSource(nameof(Shapes))]
    public void FusedRmsNorm_Tensors_EqualTheFormula(long[] shape) => Check(
        x => FusedRmsNorm.apply(x[0], x[1], 1e-5),
        x => x[0] / (x[0].square().mean([-1], keepdim: true) + 1e-5).sqrt() * x[1],
        randn(shape) * 2, randn(shape[^1]));

    // As many key heads as query heads, and fewer; one block of queries and several.
    [TestCase(1, 2, 2, 32, 32)]
    [TestCase(2, 3, 3, 96, 64)]
    [TestCase(2, 6, 2, 128, 32)]
    public void FusedCausalAttention_Heads_EqualTheFormula(int b, int h, int k, int t, int d) => Check(
        x => FusedCausalAttention.apply(x[0], x[1], x[2]),
        x =>
        {
            var (keys, values) = (x[1].repeat_interleave(h / k, 1), x[2].repeat_interleave(h / k, 1));
            var unseen = ones(t, t, ScalarType.Bool).triu(1);
            var scores = (x[0].matmul(keys.transpose(-1, -2)) / Math.Sqrt(d)).masked_fill(unseen, double.NegativeInfinity);
            return scores.softmax(-1).matmul(values).transpose(1, 2).reshape(b * t, h * d);
        },
        randn([b, h, t, d]) * 2, randn([b, k, t, d]), randn([b, k, t, d]));

    // As the model hands them over: parts of one matrix.
    [Test]
    public void FusedCausalAttention_StridedHeads_GiveTheSameAsContiguousOnes()
    {
        using var scope = NewDisposeScope();
        var mixed = randn([2, 64, 3, 4, 32]).requires_grad_(true);
        var apart = mixed.permute(2, 0, 3, 1, 4).unbind(0);
        var strided = FusedCausalAttention.apply(apart[0], apart[1], apart[2]);
        var slope = randn(strided.shape);
        strided.backward([slope]);
        Tensor[] copies = [.. apart.Select(x => x.detach().contiguous().requires_grad_(true))];
        var contiguous = FusedCausalAttention.apply(copies[0], copies[1], copies[2]);
        contiguous.backward([slope]);
        Assert.That(strided.data<float>().ToArray(), Is.EqualTo(contiguous.data<float>().ToArray()));
        Assert.That(
            mixed.grad!.permute(2, 0, 3, 1, 4).contiguous().data<float>().ToArray(),
            Is.EqualTo(stack([.. copies.Select(x => x.grad!)]).data<float>().ToArray()));
    }

    [TestCase(1, 5)]
    [TestCase(7, 32)]
    [TestCase(130, 1001)]
    public void FusedCrossEntropy_Logits_BecomeTheGradientOfTheLoss(int rows, int width)
    {
        using var scope = NewDisposeScope();
        var logits = randn(rows, width) * 20;
        var targets = Enumerable.Range(0, rows).Select(r => (long)(r * 7 % width)).ToArray();
        var exact = logits.to(ScalarType.Float64).requires_grad_(true);
        var expected = nn.functional.cross_entropy(exact, tensor(targets), reduction: nn.Reduction.Sum);
        (expected / 3).backward();
        var loss = FusedCrossEntropy.Replace(logits, targets, 1f / 3);
        Assert.That(loss, Is.EqualTo(expected.item<double>()).Within(1e-5).Percent);
        AssertClose(logits, exact.grad!, "gradient");
    }

    [Test]
    public void Kernels_AnyNumberOfThreads_GiveTheSameBits()
    {
        float[] Run(int threads)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(3);
            var before = get_num_threads();
            set_num_threads(threads);
            var (x, w) = (randn([700, 300], generator: generator).requires_grad_(true), rand([300], generator: generator).requires_grad_(true));
            FusedSwiGlu.apply(FusedGelu.apply(FusedRmsNorm.apply(x, w, 1e-6)), x).square().sum().backward();
            set_num_threads(before);
            return [.. x.grad!.data<float>(), .. w.grad!.data<float>()];
        }

        Assert.That(Run(2), Is.EqualTo(Run(1)));
    }

    private static void Check(Func<Tensor[], Tensor> fused, Func<Tensor[], Tensor> formula, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        Tensor[] single = [.. inputs.Select(x => x.detach().requires_grad_(true))];
        Tensor[] exact = [.. inputs.Select(x => x.detach().to(ScalarType.Float64).requires_grad_(true))];
        var (found, expected) = (fused(single), formula(exact));
        var slope = randn(found.shape);
        found.backward([slope]);
        expected.backward([slope.to(ScalarType.Float64)]);
        AssertClose(found, expected, "value");
        for (var i = 0; i < inputs.Length; i++)
        {
            AssertClose(single[i].grad!, exact[i].grad!, $"gradient {i}");
        }

        foreach (var input in inputs)
        {
            input.Dispose();
        }
    }

    // Relative to the largest element: a sum over hundreds of rows in float32 is off by that much.
    private static void AssertClose(Tensor found, Tensor expected, string what)
    {
        var error = (found.to(ScalarType.Float64) - expected).abs().max().item<double>();
        Assert.That(error, Is.LessThan(3e-6 * Math.Max(1, expected.abs().max().item<double>())), what);
    }
}
