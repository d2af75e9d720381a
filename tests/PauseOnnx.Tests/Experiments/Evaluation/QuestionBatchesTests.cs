using NUnit.Framework;
using PauseOnnx.Experiments;

namespace PauseOnnx.Tests.Experiments.Evaluation;

public class QuestionBatchesTests
{
    [Test]
    public void Of_Questions_PutsLikeLengthsTogetherTheLongestFirst()
    {
        var batches = new QuestionBatches(batchSize: 2, pauseCount: 3, maxNewTokens: 4, vocabSize: 20).Of([Written(0, 5), Written(1, 9), Written(2, 1), Written(3, 8), Written(4, 6)]);

        Assert.That(batches.Select(b => b.Select(q => q.Place)), Is.EqualTo(new int[][] { [1, 3], [4, 0], [2] }));
    }

    [Test]
    public void Of_QuestionsThatBeginAlike_AreNeighbours()
    {
        int[] paragraph = [.. Enumerable.Repeat(7, 10)];
        TokenizedQuestion[] questions = [Written(0, 13), About(1, 1, 2), Written(2, 11), About(3, 3), About(4, 4, 5, 6, 7)];
        var batches = new QuestionBatches(batchSize: 3, pauseCount: 3, maxNewTokens: 4, vocabSize: 20).Of(questions);

        Assert.That(batches.Select(b => b.Select(q => q.Place)), Is.EqualTo(new int[][] { [4, 1, 3], [0, 2] }));
        TokenizedQuestion About(int place, params int[] question) => new(place, [.. paragraph, .. question], [], IsWritten: true);
    }

    [Test]
    public void Of_ManyLongQuestions_AreFewerInABatch()
    {
        // 1000 + 20 + 4 = 1024 positions: 8 of them have 2^23 pairs.
        var batches = new QuestionBatches(256, pauseCount: 20, maxNewTokens: 4, vocabSize: 20).Of([.. Enumerable.Range(0, 20).Select(i => Written(i, 1000))]).ToList();

        Assert.That(batches.Select(b => b.Count), Is.EqualTo(new[] { 8, 8, 4 }));
    }

    [TestCase(20, 128, Description = "4 x (20 + 10 + 2) = 128 positions a question, 2^14 in all")]
    [TestCase(50_000, 33, Description = "4 x 10 x 50000 logits a question, 2^26 in all")]
    public void Of_Choices_CountAsRows(int vocabSize, int expected)
    {
        var batches = new QuestionBatches(256, pauseCount: 2, maxNewTokens: 100, vocabSize).Of([.. Enumerable.Range(0, 200).Select(i => Chosen(i, 20, 10))]).ToList();

        Assert.That(batches[0], Has.Count.EqualTo(expected));
        Assert.That(batches.SelectMany(b => b).Select(q => q.Place).Order(), Is.EqualTo(Enumerable.Range(0, 200)));
    }

    [Test]
    public void Of_AQuestionBeyondEveryBound_IsAskedAlone() =>
        Assert.That(new QuestionBatches(4, 0, 1, 20).Of([Written(0, 1_000_000), Written(1, 1_000_000)]).Select(b => b.Count), Is.EqualTo(new[] { 1, 1 }));

    private static TokenizedQuestion Written(int place, int length) => new(place, new int[length], [], IsWritten: true);

    private static TokenizedQuestion Chosen(int place, int length, int choice) => new(place, new int[length], [new int[choice], new int[1], new int[2], new int[3]], IsWritten: false);
}
