using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PauseOnnx.Runtime;

/// <summary>
/// Measurements of generations, for whoever listens to the meter and the activity source named <see cref="Name"/>. Names and
/// units are OpenTelemetry's where it has one: <see href="https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics"/>.
/// </summary>
/// <remarks>
/// Thread-safe. Allocates nothing where nobody listens, once the keys and values of a model have been counted.
/// <list type="table">
/// <item><term>gen_ai.server.time_to_first_token</term><description>histogram, s: from the call to the first token, pauses included</description></item>
/// <item><term>gen_ai.server.time_per_output_token</term><description>histogram, s: a decode step after the first token, mean of a generation</description></item>
/// <item><term>gen_ai.server.request.duration</term><description>histogram, s: from the call to the end</description></item>
/// <item><term>gen_ai.client.token.usage</term><description>histogram, tokens of all sequences of a generation; gen_ai.token.type is input or output</description></item>
/// <item><term>pauseonnx.pauses</term><description>counter, tokens: pauses computed</description></item>
/// <item><term>pauseonnx.cache.size</term><description>observable up-down counter, bytes: keys and values now held</description></item>
/// </list>
/// All carry gen_ai.request.model. Activities are named <c>text_completion {model}</c>.
/// </remarks>
internal static class Telemetry
{
    /// <summary>Of the meter and of the activity source.</summary>
    public const string Name = "PauseOnnx.Runtime";

    private const string OperationName = "text_completion";
    private const string ModelTag = "gen_ai.request.model";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    // Buckets as OpenTelemetry recommends them, tokens in powers of four.
    private static readonly Histogram<double> TimeToFirstToken = Meter.CreateHistogram(
        "gen_ai.server.time_to_first_token", "s", "Time from the call to the first token, pauses included.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] });

    private static readonly Histogram<double> TimePerOutputToken = Meter.CreateHistogram(
        "gen_ai.server.time_per_output_token", "s", "Time of a decode step after the first token, mean of a generation.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5] });

    private static readonly Histogram<double> RequestDuration = Meter.CreateHistogram(
        "gen_ai.server.request.duration", "s", "Time from the call to the end of the answer.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });

    private static readonly Histogram<long> TokenUsage = Meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Tokens of a generation.", tags: null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576] });

    private static readonly Counter<long> Pauses = Meter.CreateCounter<long>("pauseonnx.pauses", "{token}", "Pauses computed.");

    // Observed, not added to: who begins to listen late would else see what was freed and not what had been taken.
    private static readonly ConcurrentDictionary<string, ByteCount> Cache = new(StringComparer.Ordinal);

    static Telemetry() => Meter.CreateObservableUpDownCounter(
        "pauseonnx.cache.size", ObserveCache, "By", "Keys and values now held.");

    /// <summary>Begins a generation.</summary>
    /// <param name="model">Name of the model, a tag of everything.</param>
    /// <param name="inputTokens">Tokens of all its prompts that are to be computed, without pauses and padding.</param>
    /// <param name="pauses">Pauses of all its prompts.</param>
    /// <returns>What the other methods are given; default where nobody listens.</returns>
    public static TelemetryCall Start(string model, int inputTokens, int pauses)
    {
        if (!Source.HasListeners() && !IsMeasured)
        {
            return default;
        }

        var activity = Source.HasListeners() ? Source.StartActivity($"{OperationName} {model}", ActivityKind.Internal) : null;
        activity?.SetTag("gen_ai.operation.name", OperationName).SetTag(ModelTag, model)
            .SetTag("gen_ai.usage.input_tokens", inputTokens).SetTag("pauseonnx.pauses", pauses);
        return new TelemetryCall { Model = model, Activity = activity, InputTokens = inputTokens, Pauses = pauses, Started = Stopwatch.GetTimestamp() };
    }

    /// <summary>The prompts are computed and every sequence has its first token. Later calls for the same generation do nothing.</summary>
    public static void FirstToken(ref TelemetryCall call)
    {
        if (call.Model is null || call.First != 0)
        {
            return;
        }

        call.First = Stopwatch.GetTimestamp();
        var tags = Tags(call.Model);
        TimeToFirstToken.Record(Stopwatch.GetElapsedTime(call.Started, call.First).TotalSeconds, tags);
        Pauses.Add(call.Pauses, tags);
        TokenUsage.Record(call.InputTokens, [.. tags, KeyValuePair.Create("gen_ai.token.type", (object?)"input")]);
        call.Activity?.AddEvent(new ActivityEvent("gen_ai.first_token"));
    }

    /// <summary>Ends a generation, complete or not. Later calls for the same generation do nothing.</summary>
    /// <param name="call">What <see cref="Start"/> gave; afterwards default.</param>
    /// <param name="outputTokens">Tokens produced in all its sequences, stop tokens included.</param>
    /// <param name="steps">Calls of the graph, the first included.</param>
    /// <param name="reasons">Why each sequence ended; <see cref="FinishReason.None"/> for one that was left before its end.</param>
    /// <param name="error">What ended it early, cancellation included; null otherwise.</param>
    public static void End(ref TelemetryCall call, int outputTokens, int steps, IReadOnlyList<FinishReason> reasons, Exception? error = null)
    {
        if (call.Model is null)
        {
            return;
        }

        var ended = Stopwatch.GetTimestamp();
        var tags = Tags(call.Model);
        if (call.First != 0 && steps > 1)
        {
            TimePerOutputToken.Record(Stopwatch.GetElapsedTime(call.First, ended).TotalSeconds / (steps - 1), tags);
        }

        if (call.First != 0)
        {
            TokenUsage.Record(outputTokens, [.. tags, KeyValuePair.Create("gen_ai.token.type", (object?)"output")]);
        }

        if (error is not null)
        {
            tags = [.. tags, KeyValuePair.Create("error.type", (object?)error.GetType().FullName)];
        }

        RequestDuration.Record(Stopwatch.GetElapsedTime(call.Started, ended).TotalSeconds, tags);
        EndActivity(call.Activity, outputTokens, reasons, error);
        call = default;
    }

    /// <summary>Counts keys and values that were taken (above 0) or freed (below).</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="delta">Bytes.</param>
    public static void CacheBytes(string model, long delta) => Interlocked.Add(ref Cache.GetOrAdd(model, static _ => new ByteCount()).Bytes, delta);

    private static bool IsMeasured =>
        TimeToFirstToken.Enabled || TimePerOutputToken.Enabled || RequestDuration.Enabled || TokenUsage.Enabled || Pauses.Enabled;

    private static void EndActivity(Activity? activity, int outputTokens, IReadOnlyList<FinishReason> reasons, Exception? error)
    {
        if (activity is null)
        {
            return;
        }

        activity.SetTag("gen_ai.usage.output_tokens", outputTokens).SetTag("gen_ai.response.finish_reasons", reasons.Select(NameOf).ToArray());
        if (error is not null)
        {
            activity.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error, error.Message);
        }

        activity.Dispose();
    }

    private static string NameOf(FinishReason reason) => reason switch
    {
        FinishReason.None => "unfinished",
        FinishReason.MaxNewTokens or FinishReason.ContextEnd => "length",
        _ => "stop",
    };

    private static KeyValuePair<string, object?>[] Tags(string model) =>
        [KeyValuePair.Create("gen_ai.operation.name", (object?)OperationName), KeyValuePair.Create(ModelTag, (object?)model)];

    private static IEnumerable<Measurement<long>> ObserveCache() =>
        Cache.Select(c => new Measurement<long>(Interlocked.Read(ref c.Value.Bytes), KeyValuePair.Create(ModelTag, (object?)c.Key)));

    private sealed class ByteCount
    {
        public long Bytes;
    }
}

/// <summary>One generation as <see cref="Telemetry"/> follows it; default where nobody listens.</summary>
internal struct TelemetryCall
{
    /// <summary>Name of the model; null where nobody listens.</summary>
    public string? Model;

    /// <summary>Null where nobody traces.</summary>
    public Activity? Activity;

    /// <summary>Tokens of all prompts.</summary>
    public int InputTokens;

    /// <summary>Pauses of all prompts.</summary>
    public int Pauses;

    /// <summary>When it began, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Started;

    /// <summary>When the first token was there; 0 before.</summary>
    public long First;
}
