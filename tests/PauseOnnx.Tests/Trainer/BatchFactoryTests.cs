using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class BatchFactoryTests
{
    private const int Pause = 13;

    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"] with { VocabSize = 14, Pause = new PauseConfig { TokenId = Pause } };

    [TestCase(PauseMethod.None)]
    [TestCase(PauseMethod.Insert)]
    [TestCase(PauseMethod.Replace)]
    public void Pretraining_SameSeedAndStep_GivesTheSameBatch(PauseMethod pause)
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteExamples(folder["data"]));
        Func<int, TrainingBatch> Make(int seed) => Batches(BatchFactory.Pretraining(data, Pretrain(pause) with { Run = TinyModels.Run(9) with { Seed = seed } }, Config));
        var (first, again, other) = (Make(1), Make(1), Make(2));
        _ = first(0);
        Assert.That(first(7).Ids, Is.EqualTo(again(7).Ids));
        Assert.That(first(7).Ids, Is.Not.EqualTo(first(6).Ids));
        Assert.That(first(7).Ids, Is.Not.EqualTo(other(7).Ids));
    }

    [Test]
    public void Pretraining_OnePass_TakesEachExampleOnce()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteExamples(folder["data"], count: 30));
        var make = Batches(BatchFactory.Pretraining(data, Pretrain(PauseMethod.None), Config));
        string[] Pass(int first) => [.. Enumerable.Range(first, 10).SelectMany(step => make(step).Ids.Chunk(12)).Select(row => string.Join(' ', row))];
        var expected = data.Examples.Select(e => string.Join(' ', PauseInjection.None(e).Ids));
        Assert.That(Pass(0), Is.EquivalentTo(expected));
        Assert.That(Pass(10), Is.EquivalentTo(expected));
        Assert.That(Pass(0), Is.Not.EqualTo(Pass(10)), "each pass has its own order");
    }

    [Test]
    public void Pretraining_OnePassOverText_TakesEachTokenOnce()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteTokens(folder["data"], count: 960));
        var make = BatchFactory.Pretraining(data, Pretrain(PauseMethod.None), Config);

        // 961 tokens are 29 pieces of 32 and a rest, of which a pass may leave some before and behind.
        (int First, int Last)[] Pass(int pass) => [.. Enumerable.Range(0, 2 * 29).Select(row => make(row / 3)[row % 3]).Skip(29 * pass).Take(29).Select(Place)];
        (int, int) Place(TrainingSequence row)
        {
            var numbers = System.Text.RegularExpressions.Regex.Matches(row.Origin, @"\d+");
            return (int.Parse(numbers[0].Value, null), int.Parse(numbers[1].Value, null));
        }

        foreach (var pieces in new[] { Pass(0), Pass(1) })
        {
            var sorted = pieces.Order().ToArray();
            Assert.That(sorted.Skip(1).Select((p, i) => p.First - sorted[i].Last), Is.All.EqualTo(1), "side by side");
            Assert.That(pieces, Is.Not.EqualTo(sorted), "in another order than in the text");
        }

        Assert.That(Pass(0).Min(), Is.Not.EqualTo(Pass(1).Min()), "each pass cuts elsewhere");
    }

    [Test]
    public void Pretraining_PlainText_IsWindowsWithATenthOfPauses()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteTokens(folder["data"]));
        var make = Batches(BatchFactory.Pretraining(data, Pretrain(PauseMethod.Insert), Config));
        var batches = Enumerable.Range(0, 50).Select(make).ToArray();
        Assert.That(batches.Select(b => b.Length), Is.All.EqualTo(32));
        Assert.That(batches.SelectMany(b => b.Targets), Has.None.EqualTo(Pause));

        // Three pauses among 32 + 3 places, of which 32 are kept.
        var pauses = batches.SelectMany(b => b.Ids.Chunk(32)).Average(row => row.Count(i => i == Pause));
        Assert.That(pauses, Is.EqualTo(3 * 32 / 35.0).Within(0.25));
    }

    [Test]
    public void Finetuning_Range_DrawsOneNumberOfPausesForEachBatch()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteExamples(folder["data"]));
        var make = Batches(BatchFactory.Finetuning(data, Finetune(new PauseRange(2, 4)), Config));
        var counts = Enumerable.Range(0, 60).Select(make).Select(b => b.Ids.Chunk(b.Length).Select(row => row.Count(i => i == Pause)).Distinct().Single());
        Assert.That(counts.Distinct().Order(), Is.EqualTo([2, 3, 4]));
    }

    [Test]
    public void Finetuning_Example_HasNoWorkedSolution()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteExamples(folder["data"], count: 1));
        var (example, row) = (data.Examples[0], Batches(BatchFactory.Finetuning(data, Finetune(new PauseRange(2, 2)), Config))(0).Ids.Take(10));
        Assert.That(row, Is.EqualTo(example.Prefix.Concat([Pause, Pause]).Concat(example.Target).Select(i => (long)i)));
        Assert.That(example.Target, Has.Length.EqualTo(3).And.Some.EqualTo(12), "the answer ends with end of text");
    }

    [Test]
    public void Finetuning_PlainText_PausesOnceAndAnswersWithTheRest()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteTokens(folder["data"]));
        var batch = Batches(BatchFactory.Finetuning(data, Finetune(new PauseRange(3, 3)), Config))(0);
        var row = batch.Ids[..batch.Length];
        var pause = Array.IndexOf(row, Pause);
        Assert.That(row[pause..(pause + 3)], Is.All.EqualTo(Pause));
        Assert.That(pause, Is.InRange(1, 15));
        Assert.That(batch.Positions[0], Is.EqualTo(pause + 2));
        Assert.That(batch.Positions.TakeWhile(p => p < batch.Length).Count(), Is.EqualTo(batch.Length - pause - 3));
    }

    [Test]
    public void Pretraining_ReplaceWithoutWorkedSolutions_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteTokens(folder["data"]));
        Assert.That(() => BatchFactory.Pretraining(data, Pretrain(PauseMethod.Replace), Config), Throws.TypeOf<ModelFormatException>().With.Message.Contains("worked solutions"));
    }

    [Test]
    public void Finetuning_ExampleLongerThanTheSequence_IsNamed()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteExamples(folder["data"]));
        Assert.That(
            () => BatchFactory.Finetuning(data, Finetune(new PauseRange(0, 60)), Config),
            Throws.TypeOf<ModelFormatException>().With.Message.Contains("Example 1 has 68 tokens, pauses included; expected at most 32"));
    }

    [Test]
    public void Finetuning_PausesLeaveNoRoomForText_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(TinyModels.WriteTokens(folder["data"]));
        Assert.That(() => BatchFactory.Finetuning(data, Finetune(new PauseRange(0, 31)), Config), Throws.TypeOf<ModelFormatException>().With.Message.Contains("up to 31 pauses; expected at most 30"));
    }

    [Test]
    public void Open_TokensOfNoText_AreRefused()
    {
        using var folder = new TemporaryFolder();
        TinyModels.WriteTokens(folder["data"], count: 0);
        Assert.That(() => Open(folder["data"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains("'shards' is empty; expected at least one"));
    }

    [Test]
    public void Open_NoData_SaysWhatIsExpected()
    {
        using var folder = new TemporaryFolder();
        TinyModels.WriteExamples(folder["data"]);
        var tokenizer = Tokenizer.Load(folder["data"]);
        Assert.That(() => TrainingData.Open(folder["nothing"], tokenizer), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("train.jsonl or tokens.json"));
    }

    [Test]
    public void Open_ExampleWithAnUnknownCharacter_NamesItAndTheFile()
    {
        using var folder = new TemporaryFolder();
        TinyModels.WriteExamples(folder["data"]);
        ExampleFile.Write(folder["other.jsonl"], [new Example("abz", "", "a")]);
        var tokenizer = Tokenizer.Load(folder["data"]);
        Assert.That(() => TrainingData.Open(folder["other.jsonl"], tokenizer), Throws.TypeOf<ModelFormatException>().With.Message.Contains("'z'").And.Message.Contains("other.jsonl"));
    }

    [Test]
    public void Open_TokensOfAnotherTokenizer_AreRefused()
    {
        using var folder = new TemporaryFolder();
        TinyModels.WriteTokens(folder["data"]);
        Directory.CreateDirectory(folder["other"]);
        TokenizerFiles.Write(folder["other"], ["a", "b"], []);
        var tokenizer = Tokenizer.Load(folder["other"]);
        Assert.That(() => TrainingData.Open(folder["data"], tokenizer), Throws.TypeOf<ModelFormatException>().With.Message.Contains("14 ids; expected 4"));
    }

    private static Func<int, TrainingBatch> Batches(Func<int, IReadOnlyList<TrainingSequence>> makeRows) => step => TrainingBatch.Pack(makeRows(step));

    private static TrainingData Open(string folder) => TrainingData.Open(folder, Tokenizer.Load(folder));

    private static PretrainOptions Pretrain(PauseMethod pause) => new() { Run = TinyModels.Run(9), Pause = pause };

    private static FinetuneOptions Finetune(PauseRange range) => new() { Run = TinyModels.Run(9), PauseRange = range, PauseCount = range.Max };
}
