using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class ReferenceFileTests
{
    private const int V = TinyCheckpoint.OrdinaryVocabSize;
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"];

    private static TestCaseData Lie(string name, Action<Tensors> change, string expected) => new TestCaseData(change, expected).SetArgDisplayNames(name);

    private static IEnumerable<TestCaseData> Lies()
    {
        yield return Lie("no case", t => t.Logits = null, "There is no case; expected at least one tensor named *.logits");
        yield return Lie("no mask", t => t.Mask = null, "Tensor 'a.attention_mask' is missing");
        yield return Lie("mask of another shape", t => t.MaskShape = [3, 2], "Case 'a' has logits [2, 2, 20] for input_ids [2, 3]");
        yield return Lie("ids flat", t => t.IdsShape = [6], "Case 'a' has logits [2, 2, 20] for input_ids [6]");
        yield return Lie("logits too wide", t => (t.Logits, t.LogitsShape) = (new float[2 * 2 * 21], [2, 2, 21]), "Case 'a' has logits [2, 2, 21] for input_ids [2, 3] and next_ids [2, 1]; expected [B, 1 + N, 20]");
        yield return Lie("logits of one step less", t => (t.Logits, t.LogitsShape) = (new float[2 * 20], [2, 1, 20]), "Case 'a' has logits [2, 1, 20]");
        yield return Lie("id too large", t => t.Ids[2] = V + 1, "Case 'a' holds an id outside 0..20");
        yield return Lie("id negative", t => t.Ids[2] = -1, "Case 'a' holds an id outside 0..20");
        yield return Lie("pause count negative", t => t.PauseCount = -1, "Case 'a' has pause_count -1; expected 0 to 96");
        yield return Lie("pause count too large", t => t.PauseCount = 1L << 40, "Case 'a' has pause_count 1099511627776; expected 0 to 96");
    }

    [Test]
    public void Read_OfWhatWasWritten_GivesTheSameCases()
    {
        using var folder = new TemporaryFolder();
        ReferenceCase[] cases =
        [
            new("single.m0", 0, 1, [1, 2, 3], [1, 1, 1], [], [.. Enumerable.Range(0, V).Select(i => (float)i)]),
            new("padded.m4", 4, 2, [0, 2, 3, 4], [0, 1, 1, 1], [5, 6, 7, 8], [.. Enumerable.Range(0, 2 * 3 * V).Select(i => i / 7f)]),
        ];
        ReferenceFile.Write(folder["r"], cases);
        var read = ReferenceFile.Read(folder["r"], Config);
        Assert.Multiple(() =>
        {
            Assert.That(read.Select(c => (c.Name, c.PauseCount, c.Batch, c.PromptLength, c.Steps)), Is.EqualTo(new[] { ("single.m0", 0, 1, 3, 0), ("padded.m4", 4, 2, 2, 2) }));
            for (var i = 0; i < cases.Length; i++)
            {
                Assert.That(read[i].InputIds, Is.EqualTo(cases[i].InputIds));
                Assert.That(read[i].AttentionMask, Is.EqualTo(cases[i].AttentionMask));
                Assert.That(read[i].NextIds, Is.EqualTo(cases[i].NextIds));
                Assert.That(read[i].Logits, Is.EqualTo(cases[i].Logits));
            }
        });
    }

    [TestCaseSource(nameof(Lies))]
    public void Read_OfALie_SaysWhich(Action<Tensors> change, string expected)
    {
        using var folder = new TemporaryFolder();
        var tensors = new Tensors();
        change(tensors);
        tensors.Write(folder["r"]);
        Assert.That(() => ReferenceFile.Read(folder["r"], Config), Throws.TypeOf<ModelFormatException>().With.Message.Contains(expected).And.Message.EndsWith($"({folder["r"]})."));
    }

    /// <summary>One case of B = 2, T = 3, N = 1, to be made wrong.</summary>
    public sealed class Tensors
    {
        public long PauseCount { get; set; } = 4;

        public long[] Ids { get; } = [1, 2, 3, 4, 5, 6];

        public long[] IdsShape { get; set; } = [2, 3];

        public long[]? Mask { get; set; } = [1, 1, 1, 1, 1, 1];

        public long[] MaskShape { get; set; } = [2, 3];

        public float[]? Logits { get; set; } = new float[2 * 2 * V];

        public long[] LogitsShape { get; set; } = [2, 2, V];

        public void Write(string file)
        {
            var writer = new SafetensorsWriter().Add("a.pause_count", [1], [PauseCount]).Add("a.input_ids", IdsShape, Ids).Add("a.next_ids", [2, 1], [7L, 8L]);
            if (Mask is not null)
            {
                writer.Add("a.attention_mask", MaskShape, Mask);
            }

            if (Logits is not null)
            {
                writer.Add("a.logits", LogitsShape, Logits);
            }

            writer.Save(file);
        }
    }
}
