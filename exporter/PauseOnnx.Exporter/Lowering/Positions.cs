using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>How tokens know their places.</summary>
internal interface IPositions
{
    /// <summary>Adds positions to the embedding [B, T, C].</summary>
    Value AddTo(Value hidden);

    /// <summary>Turns queries and keys [B, T, heads, D].</summary>
    Value Rotate(Value heads);
}

/// <summary>A learned vector for each position, added to the embedding.</summary>
internal sealed class LearnedPositions(LoweringContext c, Value positions) : IPositions
{
    public Value AddTo(Value hidden) => c.B.Add(hidden, c.B.Gather(c.Weight(WeightNames.Positions), positions));

    public Value Rotate(Value heads) => heads;
}

/// <summary>
/// Rotary positions as Hugging Face pairs them: element i with element i + R/2 of the first R of a head, which is all of it
/// in most families. Cosine and sine come from tables, gathered once for all layers.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/2104.09864">Su et al., RoFormer, section 3.4.2</see>.</remarks>
internal sealed class RotaryPositions : IPositions
{
    private readonly LoweringContext _context;
    private readonly Value _cosine;
    private readonly Value _sine;

    public RotaryPositions(LoweringContext context, Value positions)
    {
        using var scope = context.B.Scope("rotary");
        _context = context;
        _cosine = context.B.Gather(Table("rotary.cosine", (angle, _) => Math.Cos(angle)), positions);
        _sine = context.B.Gather(Table("rotary.sine", (angle, isFirst) => isFirst ? -Math.Sin(angle) : Math.Sin(angle)), positions);
    }

    public Value AddTo(Value hidden) => hidden;

    /// <summary>Turns the first R elements of each head, for heads [B, T, heads, D].</summary>
    public Value Rotate(Value heads)
    {
        var (b, d, r) = (_context.B, _context.Config.HeadDim, _context.Config.RotaryDim);
        using var scope = b.Scope("rotary");
        if (r == d)
        {
            return Turn(heads);
        }

        var parts = b.Split(heads, 3, r, d - r);
        return b.Concat(3, [Turn(parts[0]), parts[1]]);
    }

    // x * cos + (x with its halves swapped) * (-sin, sin), for x [B, T, heads, R].
    private Value Turn(Value x)
    {
        var (b, half) = (_context.B, _context.Config.RotaryDim / 2);
        var halves = b.Split(x, 3, half, half);
        var swapped = b.Concat(3, [halves[1], halves[0]]);
        return b.Add(b.Mul(x, _cosine), b.Mul(swapped, _sine));
    }

    // [positions, 1, R]: gathered by [B, T] it broadcasts over heads.
    private Value Table(string name, Func<double, bool, double> entry)
    {
        var (positions, r) = (_context.Config.MaxPositionEmbeddings, _context.Config.RotaryDim);
        var table = new float[positions * r];
        for (var i = 0; i < r; i++)
        {
            var frequency = Math.Pow(_context.Config.RopeTheta, -2.0 * (i % (r / 2)) / r);
            for (var position = 0; position < positions; position++)
            {
                table[(position * r) + i] = (float)entry(position * frequency, i < r / 2);
            }
        }

        return _context.B.Initializer(name, DType.Float32, [positions, 1, r], ConstantData.Of<float>(table));
    }
}
