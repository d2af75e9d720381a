using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class AttentionMaskTests
{
    [Test]
    public void AttentionMask_UnequalPrompts_ArePaddedOnTheLeft()
    {
        var mask = new AttentionMask([[5], [5, 6, 7], [5, 6]], length: 3, capacity: 5);
        Assert.That(mask.Values.ToArray(), Is.EqualTo([0, 0, 1, 1, 1, 1, 0, 1, 1]));
    }

    [Test]
    public void AttentionMask_FinishedSequence_IsMaskedFromThereOn()
    {
        var mask = new AttentionMask([[5], [5, 6]], length: 2, capacity: 4);
        mask.Append([true, true]);
        mask.Append([true, false]);
        Assert.That(mask.Values.ToArray(), Is.EqualTo([0, 1, 1, 1, 1, 1, 1, 0]));
    }
}
