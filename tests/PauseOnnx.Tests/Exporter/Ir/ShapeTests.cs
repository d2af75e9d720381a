using NUnit.Framework;
using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Tests.Exporter.Ir;

public class ShapeTests
{
    [Test]
    public void Broadcast_OfOnesAndEqualDimensions_TakesTheLonger()
    {
        Assert.That($"{Shape.Broadcast(["B", 1, "T", 8], ["T", 8])}", Is.EqualTo("[B, 1, T, 8]"));
        Assert.That($"{Shape.Broadcast(["B", 1, 4], ["B", 3, 1])}", Is.EqualTo("[B, 3, 4]"));
        Assert.That($"{Shape.Broadcast([], ["T"])}", Is.EqualTo("[T]"));
    }

    [Test]
    public void Broadcast_OfDimensionsThatOnlyMightBeEqual_IsRefused()
    {
        Assert.That(() => Shape.Broadcast(["B", "T"], ["B", "S"]), Throws.ArgumentException
            .With.Message.EqualTo("Shapes [B, T] and [B, S] do not broadcast: T meets S; expected equal dimensions or 1."));
    }

    [Test]
    public void ElementCount_IsKnownWhenEveryDimensionIs()
    {
        Shape known = [3, 1, 4];
        Shape symbolic = [3, "T"];
        Assert.That(known.ElementCount, Is.EqualTo(12));
        Assert.That(symbolic.ElementCount, Is.Null);
    }
}
