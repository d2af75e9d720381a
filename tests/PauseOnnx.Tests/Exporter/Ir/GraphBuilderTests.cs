using NUnit.Framework;
using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Tests.Exporter.Ir;

/// <summary>Types and shapes inferred at emission, and what is refused.</summary>
public class GraphBuilderTests
{
    private static readonly GraphBuilder B = new("test");
    private static readonly Value Hidden = new("hidden", DType.Float32, ["B", "T", 16]);
    private static readonly Value Heads = new("heads", DType.Float32, ["B", "T", 4, 6]);
    private static readonly Value Ids = new("ids", DType.Int64, ["B", "T"]);
    private static readonly Value Weight = new("weight", DType.Float32, [16, 24]);

    private static readonly Dictionary<string, (Func<Value> Emit, string Expected)> Emitted = new()
    {
        ["MatMul"] = (() => B.MatMul(Hidden, Weight), "float32[B, T, 24]"),
        ["Gemm"] = (() => B.MatMulTransposed(new("rows", DType.Float32, ["R", 24]), Weight), "float32[R, 16]"),
        ["Equal"] = (() => B.Equal(Ids, B.Scalar(0)), "bool[B, T]"),
        ["Shape"] = (() => B.DimOf(Hidden, 1), "int64[1]"),
        ["Gather"] = (() => B.Gather(Weight, Ids), "float32[B, T, 24]"),
        ["Range"] = (() => B.Range(B.Vector(0), B.DimOf(Ids, 1), "T"), "int64[T]"),
        ["Concat of known"] = (() => B.Concat(1, [Weight, Weight]), "float32[16, 48]"),
        ["Concat of symbolic"] = (() => B.Concat(1, [Ids, Ids], "2T"), "int64[B, 2T]"),
        ["Split"] = (() => B.Split(Heads, 2, 3, 1)[1], "float32[B, T, 1, 6]"),
        ["Slice"] = (() => B.SliceFrom(Ids, 1, B.Vector(-1), "T_out"), "int64[B, T_out]"),
        ["Unsqueeze"] = (() => B.Unsqueeze(Ids, 1, 2), "int64[B, 1, 1, T]"),
        ["Squeeze"] = (() => B.Squeeze(B.Vector(5), 0), "int64[]"),
        ["Transpose"] = (() => B.Transpose(Heads, 0, 2, 1, 3), "float32[B, 4, T, 6]"),
        ["Reshape"] = (() => B.Reshape(Heads, ["B", "T", 24]), "float32[B, T, 24]"),
        ["ReduceMax"] = (() => B.MaxOfLastAxis(Hidden), "float32[B, T, 1]"),
        ["ReduceMean"] = (() => B.Mean(Hidden), "float32[B, T, 1]"),
        ["Cast"] = (() => B.Cast(Ids, DType.Bool), "bool[B, T]"),
        ["Where"] = (() => B.Where(B.Cast(Ids, DType.Bool), B.Scalar(0f), B.Scalar(1f)), "float32[B, T]"),
    };

    private static readonly Dictionary<string, (Action Emit, string Fault)> Refused = new()
    {
        ["MatMul"] = (() => B.MatMul(Heads, Weight), "MatMul of heads: float32[B, T, 4, 6] and weight: float32[16, 24]: 6 columns meet 16 rows."),
        ["types"] = (() => B.Add(Ids, B.Scalar(1f)), "Add of ids: int64[B, T] and float32(1): float32[]: expected one type."),
        ["Split"] = (() => B.Split(Heads, 2, 3, 3), "Split of heads: float32[B, T, 4, 6] into 3 + 3 along axis 2."),
        ["Concat"] = (() => B.Concat(1, [Ids, Ids]), "Concat of symbolic dimensions: expected the length of the result."),
        ["Reshape"] = (() => B.Reshape(Heads, ["S", "R", 6]), "Reshape of heads: float32[B, T, 4, 6] to [S, R, 6]: expected at most one symbolic dimension that moves."),
    };

    private static IEnumerable<string> EmittedNames => Emitted.Keys;

    private static IEnumerable<string> RefusedNames => Refused.Keys;

    [TestCaseSource(nameof(EmittedNames))]
    public void Emission_InfersTypeAndShape(string name)
    {
        Assert.That(Emitted[name].Emit().ToString(), Does.EndWith($": {Emitted[name].Expected}"));
    }

    [TestCaseSource(nameof(RefusedNames))]
    public void Emission_OfOperandsThatDoNotFit_IsRefused(string name)
    {
        Assert.That(() => Refused[name].Emit(), Throws.ArgumentException.With.Message.EqualTo(Refused[name].Fault));
    }

    [Test]
    public void Names_AreScopeAndOperatorNumbered()
    {
        var b = new GraphBuilder("test");
        using (b.Scope("layers.0"))
        using (b.Scope("mlp"))
        {
            Assert.That(new[] { b.Neg(Ids).Name, b.Neg(Ids).Name }, Is.EqualTo(new[] { "layers.0/mlp/Neg", "layers.0/mlp/Neg_2" }));
        }

        Assert.That(b.Neg(Ids).Name, Is.EqualTo("Neg"));
    }

    [Test]
    public void EqualSmallConstants_AreOneInitializer()
    {
        var b = new GraphBuilder("test");
        var first = b.Vector(0, -1);
        Assert.That(b.Vector(0, -1), Is.EqualTo(first));
        Assert.That(b.Graph.Initializers.Select(i => i.Value.ToString()), Is.EqualTo(new[] { "int64[0,-1]: int64[2]" }));
    }
}
