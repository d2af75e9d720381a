using NUnit.Framework;
using PauseOnnx.Extensions.AI;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Extensions.AI;

public sealed class ConversationPoolTests : IDisposable
{
    private readonly ChatModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Test]
    public void Take_SeveralIdle_GivesTheLongestBeginningRewound()
    {
        using var pool = Pool(4);
        var (shorter, longer) = (With(1, 2, 9), With(1, 2, 3, 4, 9));
        pool.Return(shorter);
        pool.Return(longer);
        using var taken = pool.Take([1, 2, 3, 4, 5]);
        Assert.That(taken, Is.SameAs(longer));
        Assert.That(taken.Ids, Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(pool.IdleCount, Is.EqualTo(1));
    }

    [Test]
    public void Take_NothingInCommon_GivesANewOne()
    {
        using var pool = Pool(4);
        pool.Return(With(1, 2));
        using var taken = pool.Take([3, 1]);
        Assert.That(taken.Length, Is.Zero);
        Assert.That(pool.IdleCount, Is.EqualTo(1));
    }

    [Test]
    public void Take_ChatThatOnlyBeginsLikeAnother_GivesACopyWhereBothCanBeKept()
    {
        using var pool = Pool(2);
        var other = With(1, 2, 3, 4, 5);
        pool.Return(other);
        using var copy = pool.Take([1, 2, 9]);
        Assert.That(copy, Is.Not.SameAs(other));
        Assert.That((copy.Ids, other.Ids), Is.EqualTo((new[] { 1, 2 }, new[] { 1, 2, 3, 4, 5 })));
        using var full = Pool(1);
        var only = With(1, 2, 3, 4, 5);
        full.Return(only);
        using var same = full.Take([1, 2, 9]);
        Assert.That(same, Is.SameAs(only));
    }

    [Test]
    public void Return_MoreThanAreKept_DisposesTheOneUnusedForLongest()
    {
        using var pool = Pool(2);
        Conversation[] all = [With(1), With(2), With(3)];
        Array.ForEach(all, pool.Return);
        Assert.That(pool.IdleCount, Is.EqualTo(2));
        Assert.That(() => all[0].Append([1]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => all[1].Append([1]), Throws.Nothing);
    }

    [Test]
    public void Return_AfterDispose_DisposesToo()
    {
        var pool = Pool(2);
        var (idle, late) = (With(1), With(2));
        pool.Return(idle);
        pool.Dispose();
        pool.Return(late);
        Assert.That(() => idle.Append([1]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => late.Append([1]), Throws.InstanceOf<ObjectDisposedException>());
    }

    private ConversationPool Pool(int maxIdle) => new(() => _tiny.Model.CreateConversation(), maxIdle);

    private Conversation With(params int[] ids)
    {
        var conversation = _tiny.Model.CreateConversation();
        conversation.Append(ids);
        return conversation;
    }
}
