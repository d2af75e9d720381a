using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Hosts;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Hosts;

public class TensorRtProfileTests
{
    private const int PauseCount = 3;
    private const int MaxLength = 40;
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"] with { Pause = TinyCheckpoint.Configs["llama"].Pause! with { Count = PauseCount } };

    [Test]
    public void Options_OfASmallModel_AreThese()
    {
        var options = TensorRtProfile.Options(Config with { NumHiddenLayers = 1 }, 8, MaxLength);
        Assert.Multiple(() =>
        {
            Assert.That(options["trt_profile_min_shapes"], Is.EqualTo("input_ids:1x1,attention_mask:1x1,past_key_values.0.key:1x2x0x6,past_key_values.0.value:1x2x0x6"));
            Assert.That(options["trt_profile_opt_shapes"], Is.EqualTo("input_ids:1x1,attention_mask:1x18,past_key_values.0.key:1x2x20x6,past_key_values.0.value:1x2x20x6"));
            Assert.That(options["trt_profile_max_shapes"], Is.EqualTo("input_ids:8x37,attention_mask:8x37,past_key_values.0.key:8x2x39x6,past_key_values.0.value:8x2x39x6"));
            Assert.That(options, Has.Count.EqualTo(3));
        });
    }

    // TensorRT lays the graph out for the smallest and the best lengths; ONNX Runtime's CPU provider can at least run them.
    [TestCase("trt_profile_min_shapes", 0)]
    [TestCase("trt_profile_opt_shapes", 20)]
    public void Options_SmallestAndBest_AreCallsOfTheGraph(string option, int past)
    {
        using var folder = new TemporaryFolder();
        using var session = new InferenceSession(Path.Combine(TinyExport.Write(folder.Root, Config, PauseCount), FileNames.Onnx));
        var shapes = Parse(TensorRtProfile.Options(Config, 8, MaxLength)[option]);
        Assert.That(shapes.Keys, Is.EquivalentTo(session.InputMetadata.Keys));

        using var options = new RunOptions();
        var inputs = shapes.ToDictionary(s => s.Key, s => Filled(session.InputMetadata[s.Key].ElementDataType, s.Value));
        using var outputs = session.Run(options, inputs, [GraphNames.Logits, GraphNames.PresentKey(0)]);
        var expected = past + 1 + (past == 0 ? PauseCount : 0);
        Assert.Multiple(() =>
        {
            Assert.That(outputs[0].GetTensorTypeAndShape().Shape, Is.EqualTo([1, 1, Config.OrdinaryVocabSize]));
            Assert.That(outputs[1].GetTensorTypeAndShape().Shape[2], Is.EqualTo(expected), "present length");
        });
    }

    // Every call of a sequence of the greatest length lies between the smallest and the largest lengths, and so do the best.
    [TestCase(0, 2)]
    [TestCase(3, 5)]
    [TestCase(3, 40)]
    [TestCase(30, 40)]
    public void Options_OfAnyLength_HoldEveryCall(int pauses, int maxLength)
    {
        var config = Config with { Pause = Config.Pause! with { Count = pauses } };
        var options = TensorRtProfile.Options(config, 4, maxLength).ToDictionary(o => o.Key, o => Parse(o.Value));
        bool Holds(string name, params long[] shape) => shape
            .Zip(options["trt_profile_min_shapes"][name], options["trt_profile_max_shapes"][name])
            .All(d => d.First >= d.Second && d.First <= d.Third);
        bool HoldsCall(int batch, int ids, int mask, int past) =>
            Holds(GraphNames.InputIds, batch, ids) && Holds(GraphNames.AttentionMask, batch, mask) && Holds(GraphNames.PastKey(0), batch, 2, past, 6);

        for (var prompt = 1; prompt <= maxLength - pauses; prompt++)
        {
            Assert.That(HoldsCall(4, prompt, prompt, 0), $"prompt of {prompt}");
            for (var past = prompt + pauses; past < maxLength; past++)
            {
                Assert.That(HoldsCall(1, 1, past - pauses + 1, past), $"step after {past}");
            }
        }

        Assert.That(options["trt_profile_opt_shapes"].All(s => Holds(s.Key, s.Value)), "best lengths");
    }

    [Test]
    public void Options_WithNoRoomForAStep_Throws() => Assert.That(
        () => TensorRtProfile.Options(Config, 1, PauseCount + 1),
        Throws.TypeOf<ExportException>().With.Message.EqualTo("Export failed in TensorRtProfile: The longest sequence has 4 positions, and 3 are for pauses; expected at least two more, for a prompt and a step: choose a longer one or fewer pauses."));

    private static Dictionary<string, long[]> Parse(string shapes) => shapes.Split(',')
        .Select(s => s.Split(':'))
        .ToDictionary(s => s[0], s => s[1].Split('x').Select(long.Parse).ToArray());

    private static OrtValue Filled(Microsoft.ML.OnnxRuntime.Tensors.TensorElementType type, long[] shape)
    {
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);
        if (type == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64)
        {
            value.GetTensorMutableDataAsSpan<long>().Fill(1);
        }
        else
        {
            value.GetTensorMutableDataAsSpan<float>().Fill(0.5f);
        }

        return value;
    }
}
