using NUnit.Framework;
using PauseOnnx.Benchmarks;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks;

public class EvaluationTableTests
{
    private static readonly EvaluationTimes Written = new("squad", 32, 8, Ours: [2, 1, 4], Peer: [5, 4, 10], Sharing: []);

    [Test]
    public void Measured_Rounds_AreRatesAndRatiosWithinARound()
    {
        var table = new EvaluationTable(
            [Written with { BatchSize = 1, Questions = 8 }, Written, new("hellaswag", 32, 8, [4, 4, 4], [16, 12, 20], [6, 2, 3]), new("hellaswag", 32, 32, [4], [20], [6])], []);
        Assert.That(table.Measured().Skip(2), Is.EqualTo(new[]
        {
            // The rounds' ratios are 2.5, 4 and 2.5.
            "| squad, written | 1 | 8 | 4.00 | 1.60 | 2.50 x |  |  |  |",
            "| squad, written | 8 | 32 | 16.00 | 6.40 | 2.50 x | >= 3.00 x: missed by 17 % |  |  |",
            "| hellaswag, scored | 8 | 32 | 8.00 | 2.00 | 4.00 x | >= 3.00 x: yes | 10.67 | 0.75 x |",
            "| hellaswag, scored | 32 | 32 | 8.00 | 1.60 | 5.00 x |  | 5.33 | 1.50 x |",
        }));
    }

    [Test]
    public void Agreement_OneOtherToken_IsAnotherAnswer()
    {
        EvaluationReply Reply(params int[][] ids) => new(1, ids, [[], []]);
        var agreement = EvaluationAgreement.Of("squad", Reply([1, 2, 3], [4]), Reply([1, 2, 4], [4]));
        Assert.That(new EvaluationTable([], [agreement]).Agreement(), Is.EqualTo(new[] { "squad: 1 of 2 answers are the same on both sides, token for token." }));
    }

    [Test]
    public void Agreement_Likelihoods_AreComparedByTheLikeliestAndTheLargestDifference()
    {
        EvaluationReply Reply(params double[][] likelihoods) => new(1, [[], [], []], likelihoods);
        var agreement = EvaluationAgreement.Of("hellaswag", Reply([-3, -1], [-2, -4], [-1, -1.01]), Reply([-3, -1.5], [-2, -4], [-1, -0.99]));
        Assert.That(new EvaluationTable([], [agreement]).Agreement(), Is.EqualTo(new[]
        {
            "hellaswag: 2 of 3 answers are the same on both sides, the likeliest choice, and no log-likelihood differs by more than 5.0e-1.",
        }));
    }

    [TestCase(100, "10.0 ms at the 10.0 GB/s that memory is read at. Whoever calls this file so answers at most 53.3 questions/s in batches of 8; 3 x transformers.js, 19.2, leaves 267 ms for the prompts of a batch.")]
    [TestCase(500, "50.0 ms at the 10.0 GB/s that memory is read at. Whoever calls this file so answers at most 10.7 questions/s in batches of 8; 3 x transformers.js, 19.2, is beyond that.")]
    public void WrittenLimit_StepsThatReadMemory_LeaveWhatIsAskedLessTheirTime(int megabytes, string expected)
    {
        var limit = new EvaluationTable([Written with { BatchSize = 1 }, Written, new("hellaswag", 32, 8, [4], [16], [6])], []).WrittenLimit(megabytes * 1_000_000L, 10e9);
        Assert.That(limit, Is.EqualTo(new[] { $"squad: after its prompts a batch takes 15 calls of one token, each of which reads {megabytes} MB, in {expected}" }));
    }

    [TestCase("0")]
    [TestCase("8,many")]
    public async Task Command_BatchesThatAreNone_AreRefused(string batches)
    {
        var run = await CommandRun.OfAsync(Program.Main, ["evaluation", "--batches", batches]);
        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Errors, Does.Contain($"--batches has '{batches.Split(',')[^1]}'; expected whole numbers from 1, such as 1,8,32."));
    }

    [Test]
    public async Task Answers_TinyModel_AreThoseOfEachQuestionWhateverTheBatch()
    {
        using var folder = new TemporaryFolder();
        var files = new EvaluationFiles(folder["evaluation"]);
        files.Write(RandomCheckpoint.Generate(folder.Root, ExportShape.Tiny with { Vocabulary = 512 }), questions: 3, CancellationToken.None);
        string[] requests =
        [
            """{"Task":"squad","Questions":3,"BatchSize":2,"TellsAnswers":true}""", """{"Task":"squad","Questions":3,"BatchSize":1,"TellsAnswers":true}""",
            """{"Task":"hellaswag","Questions":3,"BatchSize":2,"TellsAnswers":true}""", """{"Task":"hellaswag","Questions":2,"BatchSize":2}""",
        ];
        var run = await CommandRun.OfAsync(Program.Main, [AnswersCommand.Name, files.Folder, "1"], string.Join('\n', requests));
        var replies = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => System.Text.Json.JsonSerializer.Deserialize<EvaluationReply>(l)!).ToArray();
        Assert.That(replies, Has.Length.EqualTo(4), run.Errors);
        Assert.That(replies[0].Ids.Select(i => i.Length), Is.EqualTo(Enumerable.Repeat(AnswersCommand.NewTokens, 3)));
        Assert.That(replies[1].Ids, Is.EqualTo(replies[0].Ids));
        Assert.That(replies[2].LogLikelihoods.Select(l => l.Length), Is.EqualTo(new[] { 4, 4, 4 }));
        Assert.That(replies[2].LogLikelihoods.SelectMany(l => l), Has.All.LessThan(0));
        Assert.That(replies[3].Seconds, Is.GreaterThan(0));
    }
}
