using System.Diagnostics;
using System.Diagnostics.Metrics;
using NUnit.Framework;
using PauseOnnx.Runtime;
using static PauseOnnx.Tests.Support.Streams;

namespace PauseOnnx.Tests.Runtime;

public class TelemetryTests
{
    // Told by its model from what other fixtures may have left running.
    private readonly string _model = $"telemetry-{Guid.NewGuid()}";

    [Test]
    public void Generation_MeasuredFromStartToEnd_GivesEachFigureOnce()
    {
        using var measured = new Measurements(_model);
        var call = Telemetry.Start(_model, inputTokens: 7, pauses: 4);
        Telemetry.FirstToken(ref call);
        Telemetry.FirstToken(ref call);
        Telemetry.End(ref call, outputTokens: 3, steps: 3, [FinishReason.StopToken]);
        Telemetry.End(ref call, outputTokens: 3, steps: 3, [FinishReason.StopToken]);

        Assert.That(measured.Of("gen_ai.client.token.usage", "gen_ai.token.type=input"), Is.EqualTo(new[] { 7.0 }));
        Assert.That(measured.Of("gen_ai.client.token.usage", "gen_ai.token.type=output"), Is.EqualTo(new[] { 3.0 }));
        Assert.That(measured.Of("pauseonnx.pauses"), Is.EqualTo(new[] { 4.0 }));
        var first = measured.Of("gen_ai.server.time_to_first_token").Single();
        var step = measured.Of("gen_ai.server.time_per_output_token").Single();
        Assert.That(measured.Of("gen_ai.server.request.duration").Single(), Is.EqualTo(first + (2 * step)).Within(1e-6));
    }

    [Test]
    public void Generation_CancelledBeforeItsFirstToken_CountsItsDurationAndItsErrorOnly()
    {
        using var measured = new Measurements(_model);
        var call = Telemetry.Start(_model, inputTokens: 7, pauses: 4);
        Telemetry.End(ref call, outputTokens: 0, steps: 0, [FinishReason.None], new OperationCanceledException());

        Assert.That(measured.Names, Is.EqualTo(new[] { "gen_ai.server.request.duration" }));
        Assert.That(measured.Of("gen_ai.server.request.duration", "error.type=System.OperationCanceledException"), Has.Length.EqualTo(1));
    }

    [Test]
    public void Activity_OfAGeneration_CarriesItsCountsAndReasons()
    {
        var stopped = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "PauseOnnx.Runtime",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (stopped)
                {
                    stopped.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var call = Telemetry.Start(_model, inputTokens: 7, pauses: 4);
        Telemetry.FirstToken(ref call);
        Telemetry.End(ref call, outputTokens: 5, steps: 3, [FinishReason.StopToken, FinishReason.MaxNewTokens, FinishReason.None], new InvalidOperationException("fault"));

        var activity = stopped.Single(a => a.OperationName == $"text_completion {_model}");
        Assert.That(activity.Status, Is.EqualTo(ActivityStatusCode.Error));
        Assert.That(activity.Events.Select(e => e.Name), Is.EqualTo(new[] { "gen_ai.first_token" }));
        Assert.That(activity.GetTagItem("gen_ai.request.model"), Is.EqualTo(_model));
        Assert.That(activity.GetTagItem("gen_ai.usage.input_tokens"), Is.EqualTo(7));
        Assert.That(activity.GetTagItem("gen_ai.usage.output_tokens"), Is.EqualTo(5));
        Assert.That(activity.GetTagItem("pauseonnx.pauses"), Is.EqualTo(4));
        Assert.That(activity.GetTagItem("gen_ai.response.finish_reasons"), Is.EqualTo(new[] { "stop", "length", "unfinished" }));
    }

    [Test]
    public void CacheBytes_ListenedToLate_GivesWhatIsHeldNow()
    {
        Telemetry.CacheBytes(_model, 100);
        Telemetry.CacheBytes(_model, 50);
        Telemetry.CacheBytes(_model, -30);
        using var measured = new Measurements(_model);
        measured.Observe();
        Assert.That(measured.Of("pauseonnx.cache.size"), Is.EqualTo(new[] { 120.0 }));
        Telemetry.CacheBytes(_model, -120);
        measured.Observe();
        Assert.That(measured.Of("pauseonnx.cache.size"), Is.EqualTo(new[] { 120.0, 0 }));
    }

    [Test]
    public void Generation_NobodyListens_AllocatesNothing()
    {
        FinishReason[] reasons = [FinishReason.StopToken];
        void Generate()
        {
            var call = Telemetry.Start(_model, inputTokens: 7, pauses: 4);
            Telemetry.FirstToken(ref call);
            Telemetry.CacheBytes(_model, 8);
            Telemetry.CacheBytes(_model, -8);
            Telemetry.End(ref call, outputTokens: 3, steps: 3, reasons);
        }

        Generate();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Generate();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static IEnumerable<TestCaseData> Kinds()
    {
        var options = new GenerationOptions { MaxNewTokens = 5, StopTokens = [] };
        yield return Kind("stream", m => ListAsync(m.GenerateAsync("hello", options)), 5, 5);
        yield return Kind("batch", m => m.GenerateBatchAsync(["hello", "ab"], options with { NumReturnSequences = 2 }), 7, 20);
        yield return Kind("search", m => m.GenerateBatchAsync(["hello"], options with { BeamWidth = 3 }), 5, 5);
        yield return Kind("conversation", async m =>
        {
            using var conversation = m.CreateConversation();
            await ListAsync(conversation.GenerateAsync("hello", options));
        }, 5, 5);
        static TestCaseData Kind(string name, Func<PauseModel, Task> generate, int input, int output) => new TestCaseData(generate, input, output).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Kinds))]
    public async Task Generation_OfAModel_IsMeasuredAndFreesItsCache(Func<PauseModel, Task> generate, int inputTokens, int outputTokens)
    {
        using var tiny = new RuntimeModel("llama");
        using var measured = new Measurements(tiny.Model.Name);
        measured.Observe();
        await generate(tiny.Model);
        measured.Observe();
        Assert.That(measured.Of("gen_ai.client.token.usage", "gen_ai.token.type=input"), Is.EqualTo(new double[] { inputTokens }));
        Assert.That(measured.Of("gen_ai.client.token.usage", "gen_ai.token.type=output"), Is.EqualTo(new double[] { outputTokens }));
        Assert.That(measured.Of("gen_ai.server.time_to_first_token"), Has.Length.EqualTo(1));
        Assert.That(measured.Of("gen_ai.server.request.duration"), Has.Length.EqualTo(1));
        Assert.That(measured.Of("pauseonnx.cache.size").Distinct().ToArray(), Has.Length.LessThanOrEqualTo(1), "keys and values are still counted");
    }

    [Test]
    public void Generator_WhileItRuns_CountsItsKeysAndValues()
    {
        using var tiny = new RuntimeModel("llama");
        using var measured = new Measurements(tiny.Model.Name);
        long Held()
        {
            measured.Observe();
            return (long)measured.Of("pauseonnx.cache.size").LastOrDefault();
        }

        var before = Held();
        using (var generator = tiny.Model.CreateGenerator([[1, 2, 3]], new() { MaxNewTokens = 5 }))
        {
            generator.Step();

            // Keys and values of 3 tokens and 4 pauses, float32.
            var config = tiny.Model.Config;
            var position = 2L * config.NumHiddenLayers * config.NumKeyValueHeads * config.HeadDim * sizeof(float);
            Assert.That(Held() - before, Is.EqualTo(7 * position));
            generator.Step();
            Assert.That(Held() - before, Is.EqualTo(8 * position));
        }

        Assert.That(Held(), Is.EqualTo(before));
    }

    /// <summary>Everything that is measured of one model while it lives.</summary>
    private sealed class Measurements : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<(string Name, double Value, string[] Tags)> _all = [];
        private readonly string _model;

        public Measurements(string model)
        {
            _model = model;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "PauseOnnx.Runtime")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public string[] Names => [.. _all.Select(m => m.Name)];

        public double[] Of(string name, string? tag = null) =>
            [.. _all.Where(m => m.Name == name && (tag is null || m.Tags.Contains(tag))).Select(m => m.Value)];

        public void Observe() => _listener.RecordObservableInstruments();

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string[] named = [.. tags.ToArray().Select(t => $"{t.Key}={t.Value}")];
            lock (_all)
            {
                if (named.Contains($"gen_ai.request.model={_model}"))
                {
                    _all.Add((instrument.Name, value, named));
                }
            }
        }
    }
}
