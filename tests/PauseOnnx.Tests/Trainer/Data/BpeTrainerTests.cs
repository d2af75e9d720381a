using NUnit.Framework;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer.Data;

public class BpeTrainerTests
{
    [Test]
    public void Train_OfTheTextbookExample_MergesByCountThenBySmallestIds()
    {
        // hug 10, pug 5, pun 12, bun 4, hugs 5. Pairs: ug 20, un 16, hu 15, pu 17, bu 4, gs 5.
        var vocabulary = TrainOn(260, ("hug", 10), ("pug", 5), ("pun", 12), ("bun", 4), ("hugs", 5));
        Assert.Multiple(() =>
        {
            // Then un 16, h+ug 15, p+un 12 (p+ug has 5, hug+s 5, b+un 4).
            Assert.That(vocabulary.Merges, Is.EqualTo(new[] { ("u", "g"), ("u", "n"), ("h", "ug"), ("p", "un") }));
            Assert.That(vocabulary.Tokens.Skip(256), Is.EqualTo(new[] { "ug", "un", "hug", "pun" }));
        });
    }

    [Test]
    public void Train_OfPairsAsFrequent_TakesTheSmallestIds()
    {
        var vocabulary = TrainOn(258, ("zy", 3), ("ab", 3), ("az", 3));
        Assert.That(vocabulary.Merges, Is.EqualTo(new[] { ("a", "b"), ("a", "z") }));
    }

    [Test]
    public void Train_OfARun_CountsAndMergesFromTheLeft()
    {
        var vocabulary = TrainOn(300, ("aaaaa", 4));

        // aa aa a: the ids of aa, aa are higher than those of aa, a, which occur as often.
        Assert.That(vocabulary.Merges, Is.EqualTo(new[] { ("a", "a"), ("aa", "a"), ("aa", "aaa") }));
    }

    [Test]
    public void Train_Always_BeginsWithTheBytesInOrderOfTheirSymbols()
    {
        var tokens = TrainOn(256).Tokens;
        Assert.Multiple(() =>
        {
            Assert.That(tokens, Has.Count.EqualTo(256));
            Assert.That(tokens, Is.Ordered.Using((IComparer<string>)StringComparer.Ordinal));
            Assert.That(tokens[0], Is.EqualTo("!"));
        });
    }

    [Test]
    public void Train_OfTooLittleText_StopsWhereNoPairOccursTwice()
    {
        var vocabulary = TrainOn(1000, ("abcd", 1), ("ab", 1));
        Assert.That(vocabulary.Merges, Is.EqualTo(new[] { ("a", "b") }));
    }

    [Test]
    public void Train_OnTheSameTextsInAnyOrder_GivesTheSameVocabulary()
    {
        var random = new Random(7);
        var texts = Enumerable.Range(0, 40).Select(_ => string.Concat(Enumerable.Range(0, 500).Select(_ => "abcdefgh  éß漢\n"[random.Next(14)]))).ToArray();
        var counts = new WordCounts();
        foreach (var text in texts.Reverse())
        {
            counts.Add(WordCounts.Of([text]));
        }

        Assert.That(new BpeTrainer(counts).Train(400).Merges, Is.EqualTo(new BpeTrainer(WordCounts.Of(texts)).Train(400).Merges));
    }

    [Test]
    public void Train_Incrementally_MergesAsCountingAnewWould()
    {
        var random = new Random(9);
        var words = Enumerable.Range(0, 200).Select(_ => (string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => "abc"[random.Next(3)])), random.Next(1, 5))).ToArray();
        Assert.That(TrainOn(300, words).Merges, Is.EqualTo(MergeByCountingAnew(words, 300 - 256)));
    }

    [Test]
    public void Train_WhenCancelled_Stops()
    {
        var trainer = new BpeTrainer(WordCounts.Of(["ab ab ab"]));
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.That(() => trainer.Train(300, null, source.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Train_Reports_EachToken()
    {
        var trainer = new BpeTrainer(WordCounts.Of(["abc abc abc"]));
        var reported = new List<int>();
        trainer.Train(300, reported.Add);
        Assert.That(reported, Is.EqualTo(Enumerable.Range(257, reported.Count)).And.Not.Empty);
    }

    private static BpeVocabulary TrainOn(int size, params (string Word, int Count)[] words)
    {
        var counts = WordCounts.Of(words.SelectMany(w => Enumerable.Repeat(w.Word, w.Count)));
        return new BpeTrainer(counts).Train(size);
    }

    // The definition, slow: count every pair, take the best, rewrite every word, again.
    private static List<(string, string)> MergeByCountingAnew((string Word, int Count)[] words, int merges)
    {
        var ids = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1, ["c"] = 2 };
        var tokens = words.Select(w => (Tokens: w.Word.Select(c => c.ToString()).ToList(), w.Count)).ToList();
        var merged = new List<(string, string)>();
        while (ids.Count - 3 < merges)
        {
            var pairs = tokens.SelectMany(w => w.Tokens.Zip(w.Tokens.Skip(1), (l, r) => (Pair: (l, r), w.Count)))
                .GroupBy(p => p.Pair, p => p.Count).Select(g => (Pair: g.Key, Count: g.Sum())).Where(p => p.Count >= 2).ToList();
            if (pairs.Count == 0)
            {
                break;
            }

            var (left, right) = pairs.OrderByDescending(p => p.Count).ThenBy(p => ids[p.Pair.l]).ThenBy(p => ids[p.Pair.r]).First().Pair;
            merged.Add((left, right));
            ids.TryAdd(left + right, ids.Count);
            foreach (var (word, _) in tokens)
            {
                for (var i = 0; i + 1 < word.Count; i++)
                {
                    if (word[i] == left && word[i + 1] == right)
                    {
                        word[i] = left + right;
                        word.RemoveAt(i + 1);
                    }
                }
            }
        }

        return merged;
    }
}
