using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Native;

/// <summary>The native operators give what the functions in the file give, to the last bit.</summary>
public class NativeOpsTests
{
    private static readonly TensorElementType[] Types =
    [
        TensorElementType.Float, TensorElementType.Float16, TensorElementType.BFloat16, TensorElementType.Double,
        TensorElementType.Int64, TensorElementType.Int32, TensorElementType.Int8, TensorElementType.Bool,
    ];

    private static IEnumerable<TestCaseData> BadAppendPauses
    {
        get
        {
            var (ids, mask, none) = (TensorBytes.Of([1, 2], 4, 5), TensorBytes.Of([1, 2], 1, 1), TensorBytes.Of([1], 0));
            TestCaseData[] cases =
            [
                new(new[] { TensorBytes.Of([2], 4, 5), mask, none, none }, "input_ids is [2]; expected [B, T]."),
                new(new[] { ids, TensorBytes.Of([2], 1, 1), none, none }, "attention_mask is [2]; expected [1, 2 or more], as input_ids is [1, 2]."),
                new(new[] { ids, TensorBytes.Of([2, 2], 1, 1, 1, 1), none, none }, "attention_mask is [2, 2]; expected [1, 2 or more], as input_ids is [1, 2]."),
                new(new[] { ids, TensorBytes.Of([1, 1], 1), none, none }, "attention_mask is [1, 1]; expected [1, 2 or more], as input_ids is [1, 2]."),
                new(new[] { ids, mask, TensorBytes.Of([2], 0, 0), none }, "past_length is [2]; expected one number."),
                new(new[] { ids, mask, TensorBytes.Of([0]), none }, "past_length is [0]; expected one number."),
                new(new[] { ids, mask, TensorBytes.Of([1], -1), none }, "past_length is -1; expected 0 to 2147483647."),
                new(new[] { ids, mask, none, TensorBytes.Of([1, 2], 1, 1) }, "pause_count is [1, 2]; expected one number."),
                new(new[] { ids, mask, none, TensorBytes.Of([], -3) }, "pause_count is -3; expected 0 to 2147483647."),
                new(new[] { ids, mask, none, TensorBytes.Of([], long.MaxValue) }, "pause_count is 9223372036854775807; expected 0 to 2147483647."),
            ];
            return cases.Select(c => c.SetArgDisplayNames($"{c.Arguments[1]}"));
        }
    }

    [OneTimeSetUp]
    public void RequireTheLibrary() => NativeOps.IgnoreUnlessBuilt();

    [Test]
    public void AppendPause_OfEveryShape_EqualsTheFunction()
    {
        using var model = OperatorModel.AppendPause();
        foreach (var (batch, length, past, pauseCount, maskLength) in AppendPauseShapes())
        {
            TensorBytes[] inputs =
            [
                TensorBytes.Of([batch, length], [.. Enumerable.Range(1, batch * length).Select(i => (long)i)]),
                TensorBytes.Of([batch, maskLength], LeftPaddedMask(batch, length, maskLength)),
                TensorBytes.Of([1], past),
                TensorBytes.Of([], pauseCount),
            ];
            AssertEqual(model, inputs, $"B = {batch}, T = {length}, P = {past}, M = {pauseCount}, H = {maskLength}");
        }
    }

    [TestCaseSource(nameof(Types))]
    public void DelayedOutput_OfAnyTypeAndRank_EqualsTheFunction(TensorElementType type)
    {
        using var model = OperatorModel.DelayedOutput(type);
        foreach (long[] shape in new long[][] { [1, 1], [3, 4], [1, 7, 5], [3, 1, 5], [3, 6, 5], [2, 3, 4, 5], [3, 5, 0], [0, 3, 2], [2, 0, 3] })
        {
            foreach (long past in new[] { 0, 1, 9 })
            {
                AssertEqual(model, [RandomTensor(type, shape), TensorBytes.Of([1], past)], $"hidden [{string.Join(", ", shape)}], P = {past}");
            }
        }
    }

    [TestCaseSource(nameof(BadAppendPauses))]
    public void AppendPause_OfBadInput_SaysWhatItExpected(object inputs, string message)
    {
        using var model = OperatorModel.AppendPause();
        Assert.That(() => model.RunNative((TensorBytes[])inputs), Throws.TypeOf<OnnxRuntimeException>().With.Message.Contains(message));
    }

    [Test]
    public void DelayedOutput_OfBadInput_SaysWhatItExpected()
    {
        using var model = OperatorModel.DelayedOutput(TensorElementType.Float);
        var (one, hidden) = (TensorBytes.Of([1], 0), RandomTensor(TensorElementType.Float, [1, 2, 3]));
        Assert.Multiple(() =>
        {
            Assert.That(
                () => model.RunNative(RandomTensor(TensorElementType.Float, [3]), one),
                Throws.TypeOf<OnnxRuntimeException>().With.Message.Contains("hidden is [3]; expected [B, T, ...]."));
            Assert.That(
                () => model.RunNative(hidden, TensorBytes.Of([1], -2)),
                Throws.TypeOf<OnnxRuntimeException>().With.Message.Contains("past_length is -2; expected 0 to 2147483647."));
        });
    }

    // Strings are objects: copying their bytes would end the process sooner or later.
    [Test]
    public void DelayedOutput_OfStrings_IsRefused()
    {
        using var model = OperatorModel.DelayedOutput(TensorElementType.String);
        Assert.That(
            () => model.RunNative(new TensorBytes(TensorElementType.String, [1, 2], []), TensorBytes.Of([1], 0)),
            Throws.TypeOf<OnnxRuntimeException>().With.Message.Contains("expected numbers of one to eight whole bytes."));
    }

    [TestCase(ExportTarget.Portable, GraphPrecision.Fp32)]
    [TestCase(ExportTarget.Portable, GraphPrecision.Fp16)]
    [TestCase(ExportTarget.Standard, GraphPrecision.Fp32)]
    [TestCase(ExportTarget.SharedCache, GraphPrecision.Fp32)]
    [TestCase(ExportTarget.GenAI, GraphPrecision.Fp32)]
    public void ExportedModel_WithTheLibrary_GivesTheSameLogitsByTheNativeOperators(ExportTarget target, GraphPrecision precision)
    {
        using var folder = new TemporaryFolder();
        var config = TinyCheckpoint.Configs["qwen3"];
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, config, 4);
        var options = new ExportOptions { Checkpoint = checkpoint, Output = folder["model"], PauseCount = 4, Target = target, Precisions = [precision] };
        ModelExporter.Export(options);
        var file = Path.Combine(folder["model"], GraphPrecisions.FileOf(precision));
        var bufferLength = target is ExportTarget.SharedCache or ExportTarget.GenAI ? config.MaxPositionEmbeddings : 0;

        var (plain, plainOperators) = Decode(file, bufferLength, isNative: false, folder["plain"]);
        var (native, nativeOperators) = Decode(file, bufferLength, isNative: true, folder["native"]);
        Assert.Multiple(() =>
        {
            Assert.That(native, Is.EqualTo(plain));
            Assert.That(nativeOperators, Is.SupersetOf(new[] { GraphNames.AppendPause, GraphNames.DelayedOutput }));
            Assert.That(plainOperators.Intersect([GraphNames.AppendPause, GraphNames.DelayedOutput]), Is.Empty);
        });
    }

    private static void AssertEqual(OperatorModel model, TensorBytes[] inputs, string inputsInWords)
    {
        foreach (var (native, function) in model.RunNative(inputs).Zip(model.RunFunction(inputs)))
        {
            Assert.That(native.Type, Is.EqualTo(function.Type), inputsInWords);
            Assert.That(native.Shape, Is.EqualTo(function.Shape), inputsInWords);
            Assert.That(native.Bytes, Is.EqualTo(function.Bytes), inputsInWords);
        }
    }

    // First and later calls; masks that count only the new tokens, the past too, the pauses too, and more.
    private static IEnumerable<(int Batch, int Length, int Past, int PauseCount, int MaskLength)> AppendPauseShapes() =>
        from batch in new[] { 1, 3 }
        from length in Enumerable.Range(1, 7)
        from past in new[] { 0, 1, 5 }
        from pauseCount in new[] { 0, 1, 10 }
        from maskLength in new[] { length, length + past, length + past + pauseCount, length + past + pauseCount + 3 }.Distinct()
        select (batch, length, past, pauseCount, maskLength);

    private static long[] LeftPaddedMask(int batch, int length, int maskLength)
    {
        var padding = (int row) => Math.Min(2 * row, length);
        return [.. Enumerable.Range(0, batch).SelectMany(row => Enumerable.Range(0, maskLength).Select(i => i < padding(row) ? 0L : 1L))];
    }

    // Every bit pattern, those that are not numbers too; of a bool only the two that there are.
    private static TensorBytes RandomTensor(TensorElementType type, long[] shape)
    {
        var size = TensorBase.GetElementTypeInfo(type).TypeSize;
        var bytes = new byte[shape.Aggregate((long)size, (a, b) => a * b)];
        new Random(1).NextBytes(bytes);
        return new(type, shape, type == TensorElementType.Bool ? [.. bytes.Select(b => (byte)(b & 1))] : bytes);
    }

    /// <summary>A prompt of two rows, one padded, then five decode steps.</summary>
    /// <param name="file">The graph.</param>
    /// <param name="bufferLength">Positions of the buffer for past and present; 0 for a cache that grows.</param>
    /// <param name="isNative">Whether the library is registered.</param>
    /// <param name="profile">Where ONNX Runtime writes what ran.</param>
    /// <returns>The bytes of the logits of all calls, and the operators that ran.</returns>
    private static (List<byte[]> Logits, HashSet<string> Operators) Decode(string file, int bufferLength, bool isNative, string profile)
    {
        using var options = NativeOps.CreateOptions(isNative);
        (options.EnableProfiling, options.ProfileOutputPathPrefix) = (true, profile);
        using var session = new InferenceSession(file, options);
        var pasts = session.InputMetadata.Where(i => i.Key.StartsWith("past_key_values", StringComparison.Ordinal)).ToList();
        string[] inputs = [GraphNames.InputIds, GraphNames.AttentionMask, .. pasts.Select(p => p.Key)];
        string[] outputs = [GraphNames.Logits, .. pasts.Select(p => p.Key.Replace("past_key_values", "present", StringComparison.Ordinal))];
        OrtValue[] past = [.. pasts.Select(p => OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, p.Value.ElementDataType, [2, p.Value.Dimensions[1], bufferLength, p.Value.Dimensions[3]]))];
        Array.ForEach(past, p => p.GetTensorMutableRawData().Clear());
        var logits = new List<byte[]>();
        for (var step = 0; step <= 5; step++)
        {
            long[] ids = step == 0 ? [1, 2, 3, 4, 0, 0, 5, 6] : [step, step + 7];
            long[] row = [.. Enumerable.Repeat(1L, 4 + step)];
            using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, [2, ids.Length / 2]);
            using var maskValue = OrtValue.CreateTensorValueFromMemory([.. row, 0, 0, .. row[2..]], [2, row.Length]);
            using var runOptions = new RunOptions();
            var results = session.Run(runOptions, inputs, [idsValue, maskValue, .. past], outputs);
            logits.Add(results[0].GetTensorMutableRawData().ToArray());
            Array.ForEach(past, p => p.Dispose());
            results[0].Dispose();
            past = [.. results.Skip(1)];
        }

        Array.ForEach(past, p => p.Dispose());
        return (logits, Operators(session.EndProfiling()));
    }

    // One event a node and call, with the operator in its arguments.
    private static HashSet<string> Operators(string profile)
    {
        using var events = JsonDocument.Parse(File.ReadAllText(profile));
        return [.. events.RootElement.EnumerateArray()
            .Select(e => e.TryGetProperty("args", out var args) && args.TryGetProperty("op_name", out var name) ? name.GetString() : null).OfType<string>()];
    }
}
