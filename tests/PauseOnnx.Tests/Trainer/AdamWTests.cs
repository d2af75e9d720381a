using NUnit.Framework;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class AdamWTests
{
    private static readonly AdamWOptions Options = new() { Beta1 = 0.8, Beta2 = 0.9, Eps = 1e-6, WeightDecay = 0.5, Clip = 0 };

    [Test]
    public void Step_ThreeTimes_EqualsTheFormula()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["gpt2"]);
        var parameters = model.Parameters;
        var expected = parameters.Values.ToArray().Select(p => (double)p).ToArray();
        var (m, v) = (new double[expected.Length], new double[expected.Length]);
        using var optimizer = new AdamW(parameters, Options);
        for (var step = 1; step <= 3; step++)
        {
            const double rate = 0.01;
            for (var i = 0; i < expected.Length; i++)
            {
                var g = Math.Sin(i + step);
                parameters.Gradients.Span<float>(i, 1)[0] = (float)g;
                m[i] = (0.8 * m[i]) + (0.2 * g);
                v[i] = (0.9 * v[i]) + (0.1 * g * g);
                expected[i] *= 1 - (i < parameters.DecayedCount ? rate * 0.5 : 0);
                expected[i] -= rate * m[i] / (1 - Math.Pow(0.8, step)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.9, step))) + 1e-6);
            }

            optimizer.Step(rate, parameters.Gradients);
        }

        Assert.That(parameters.Values.ToArray(), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void Step_Afterwards_GradientsAreZero()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        model.Parameters.Gradients.Fill(1);
        using var optimizer = new AdamW(model.Parameters, Options);
        optimizer.Step(0.01, model.Parameters.Gradients);
        Assert.That(model.Parameters.Gradients.ToArray(), Is.All.Zero);
    }

    [Test]
    public void Step_LongGradient_IsScaledToTheClip()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        model.Parameters.Gradients.Fill(3);
        using var optimizer = new AdamW(model.Parameters, Options with { Clip = 1 });
        var norm = optimizer.Step(0.01, model.Parameters.Gradients);
        Assert.That(norm, Is.EqualTo(3 * Math.Sqrt(model.Parameters.Count)).Within(0.01).Percent);
        Assert.That(optimizer.FirstMoment.ToArray(), Is.All.EqualTo(0.2 * 3 / norm).Within(0.1).Percent);
    }

    [Test]
    public void Step_GradientThatIsNoNumber_ChangesNothing()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        var before = model.Parameters.Values.ToArray();
        model.Parameters.Gradients.Span<float>(5, 1)[0] = float.NaN;
        using var optimizer = new AdamW(model.Parameters, Options);
        Assert.That(optimizer.Step(0.01, model.Parameters.Gradients), Is.NaN);
        Assert.That(optimizer.StepCount, Is.Zero);
        Assert.That(model.Parameters.Values.ToArray(), Is.EqualTo(before));
    }

    // The operator that GPUs use, on the processor, against our own loop.
    [TestCase(Precision.Fp32)]
    [TestCase(Precision.Bf16)]
    public void FusedUpdate_SameGradients_GivesTheSameWeights(Precision precision)
    {
        float[] Train(bool isFused)
        {
            using var model = new LanguageModel(TinyCheckpoint.Configs["gpt2"], precision);
            new Initialization().Draw(model, seed: 1);
            var (parameters, random) = (model.Parameters, new Random(1));
            using var optimizer = new AdamW(parameters, Options with { Clip = 1 });
            for (var step = 1; step <= 3; step++)
            {
                parameters.Gradients.Write(0, Enumerable.Range(0, (int)parameters.Count).Select(_ => random.NextSingle() - 0.5f).ToArray());
                if (isFused)
                {
                    var norm = FusedAdamW.Norm(parameters.Gradients.Tensor);
                    FusedAdamW.Update(parameters, optimizer.FirstMoment, optimizer.SecondMoment, parameters.Gradients, 1 / norm, step, 0.01, Options);
                }
                else
                {
                    optimizer.Step(0.01, parameters.Gradients);
                }

                Assert.That(parameters.Gradients.ToArray(), Is.All.Zero);
            }

            return [.. parameters.Values.ToArray(), .. parameters.Rounded.ToArray()];
        }

        // Of the rounded copies, the last bit of a bfloat16 may differ.
        Assert.That(Train(isFused: true), Is.EqualTo(Train(isFused: false)).Within(precision == Precision.Fp32 ? 1e-6 : 1e-3));
    }

    [TestCase(1f, 0x3f80)]
    [TestCase(-2.5f, 0xc020)]
    [TestCase(1.00390625f, 0x3f80, TestName = "Round_HalfWay_GoesToTheEvenOneBelow")]
    [TestCase(1.01171875f, 0x3f82, TestName = "Round_HalfWay_GoesToTheEvenOneAbove")]
    [TestCase(float.PositiveInfinity, 0x7f80)]
    [TestCase(3.4028235e38f, 0x7f80)]
    public void Round_Number_IsTheNearestBFloat16(float value, int expected)
    {
        // Long enough for whole vectors and a rest.
        var bits = new ushort[37];
        BFloat16Bits.Round(Enumerable.Repeat(value, bits.Length).ToArray(), bits);
        Assert.That(bits, Is.All.EqualTo((ushort)expected));
        var back = new float[bits.Length];
        BFloat16Bits.Widen(bits, back);
        Assert.That(back, Is.All.EqualTo(BitConverter.UInt32BitsToSingle((uint)expected << 16)));
    }

    [Test]
    public void Round_NoNumber_StaysNoNumber()
    {
        var back = new float[2];
        var bits = new ushort[2];
        BFloat16Bits.Round([float.NaN, BitConverter.UInt32BitsToSingle(0x7fffffff)], bits);
        BFloat16Bits.Widen(bits, back);
        Assert.That(back, Is.All.NaN);
    }
}
