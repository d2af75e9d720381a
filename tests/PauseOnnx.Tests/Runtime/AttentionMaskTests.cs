using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class AttentionMaskTests
{
    // [[0, 1, 1], [1, 1, 0]]
    private static AttentionMask Example(int capacity = 8)
    {
        var mask = new AttentionMask(batch: 2, capacity);
        mask.Append(3);
        mask.Row(0)[0] = 0;
        mask.Row(1)[2] = 0;
        return mask;
    }

    [TestCase(8)]
    [TestCase(3)]
    [TestCase(0)]
    public void Append_Columns_AreOnesAtTheEndOfEachRow(int capacity)
    {
        var mask = Example(capacity);
        mask.Append(2);
        Assert.That(mask.Values.ToArray(), Is.EqualTo([0, 1, 1, 1, 1, 1, 1, 0, 1, 1]));
    }

    [Test]
    public void Truncate_KeepsTheFirstColumnsOfEachRow()
    {
        var mask = Example();
        mask.Truncate(2);
        Assert.That(mask.Values.ToArray(), Is.EqualTo([0, 1, 1, 1]));
        mask.Append(1);
        Assert.That(mask.Values.ToArray(), Is.EqualTo([0, 1, 1, 1, 1, 1]));
    }

    [Test]
    public void Keep_Rows_ComeAsOftenAsNamed()
    {
        var mask = Example();
        mask.Keep([1, 0, 1]);
        mask.Append(1);
        Assert.That(mask.Values.ToArray(), Is.EqualTo([1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1]));
        Assert.That((mask.Batch, mask.Length), Is.EqualTo((3, 4)));
    }
}
