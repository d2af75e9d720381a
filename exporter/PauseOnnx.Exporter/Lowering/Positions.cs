using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>How tokens know their places.</summary>
internal interface IPositions
{
    /// <summary>Adds positions to the embedding [B, T, C].</summary>
    Value AddTo(Value hidden);

    /// <summary>Turns queries or keys [B, T, heads D].</summary>
    Value Rotate(Value x, int heads);
}

/// <summary>A learned vector for each position, added to the embedding.</summary>
internal sealed class LearnedPositions(LoweringContext c, Value positions) : IPositions
{
    public Value AddTo(Value hidden) => c.B.Add(hidden, c.B.Gather(c.Weight(WeightNames.Positions), positions));

    public Value Rotate(Value x, int heads) => x;
}

/// <summary>
/// Rotary positions as Hugging Face pairs them: element i with element i + R/2 of the first R of a head, which is all of it
/// in most families. Cosine and sine come from tables.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/2104.09864">Su et al., RoFormer, section 3.4.2</see>.</remarks>
internal sealed class RotaryPositions(LoweringContext c, Value positions) : IPositions
{
    private readonly Value _cosine = Table(c, "rotary.cosine", Math.Cos);
    private readonly Value _sine = Table(c, "rotary.sine", Math.Sin);

    public Value AddTo(Value hidden) => hidden;

    public Value Rotate(Value x, int heads) =>
        c.B.RotaryEmbedding(x, _cosine, _sine, positions, heads, c.Config.RotaryDim == c.Config.HeadDim ? 0 : c.Config.RotaryDim);

    // [positions, R/2]
    private static Value Table(LoweringContext c, string name, Func<double, double> entry)
    {
        var (positions, half) = (c.Config.MaxPositionEmbeddings, c.Config.RotaryDim / 2);
        var table = new float[positions * half];
        for (var i = 0; i < half; i++)
        {
            var frequency = Math.Pow(c.Config.RopeTheta, -2.0 * i / c.Config.RotaryDim);
            for (var position = 0; position < positions; position++)
            {
                table[(position * half) + i] = (float)entry(position * frequency);
            }
        }

        return c.B.Initializer(name, DType.Float32, [positions, half], ConstantData.Of<float>(table));
    }
}
