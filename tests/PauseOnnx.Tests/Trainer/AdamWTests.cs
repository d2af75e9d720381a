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
        var optimizer = new AdamW(parameters, Options);
        for (var step = 1; step <= 3; step++)
        {
            const double rate = 0.01;
            for (var i = 0; i < expected.Length; i++)
            {
                var g = Math.Sin(i + step);
                parameters.Gradients[i] = (float)g;
                m[i] = (0.8 * m[i]) + (0.2 * g);
                v[i] = (0.9 * v[i]) + (0.1 * g * g);
                expected[i] *= 1 - (i < parameters.DecayedCount ? rate * 0.5 : 0);
                expected[i] -= rate * m[i] / (1 - Math.Pow(0.8, step)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.9, step))) + 1e-6);
            }

            optimizer.Step(rate);
        }

        Assert.That(parameters.Values.ToArray(), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void Step_Afterwards_GradientsAreZero()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        model.Parameters.Gradients.Fill(1);
        new AdamW(model.Parameters, Options).Step(0.01);
        Assert.That(model.Parameters.Gradients.ToArray(), Is.All.Zero);
    }

    [Test]
    public void Step_LongGradient_IsScaledToTheClip()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        model.Parameters.Gradients.Fill(3);
        var optimizer = new AdamW(model.Parameters, Options with { Clip = 1 });
        var norm = optimizer.Step(0.01);
        Assert.That(norm, Is.EqualTo(3 * Math.Sqrt(model.Parameters.Count)).Within(0.01).Percent);
        Assert.That(optimizer.FirstMoment, Is.All.EqualTo(0.2 * 3 / norm).Within(0.1).Percent);
    }

    [Test]
    public void Step_GradientThatIsNoNumber_ChangesNothing()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        var before = model.Parameters.Values.ToArray();
        model.Parameters.Gradients[5] = float.NaN;
        var optimizer = new AdamW(model.Parameters, Options);
        Assert.That(optimizer.Step(0.01), Is.NaN);
        Assert.That(optimizer.StepCount, Is.Zero);
        Assert.That(model.Parameters.Values.ToArray(), Is.EqualTo(before));
    }
}
