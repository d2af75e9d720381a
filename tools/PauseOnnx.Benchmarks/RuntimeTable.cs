using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>The figures of the runtime with one number of threads: what was measured, and beside it what was asked.</summary>
/// <param name="times">What was measured.</param>
/// <param name="bytesPerToken">What a decode step of each precision must read.</param>
/// <param name="bandwidth">Bytes a second that the machine reads.</param>
internal sealed class RuntimeTable(RuntimeTimes times, IReadOnlyDictionary<GraphPrecision, long> bytesPerToken, double bandwidth)
{
    private const int AskedBatch = 8;

    private static readonly (GraphPrecision Precision, GgufType Type, double Prefill, double Limit)[] Asked =
    [
        (GraphPrecision.Fp32, GgufType.F32, 2.5, 0.80),
        (GraphPrecision.BlockInt8, GgufType.Q8, 1.7, 0.65),
        (GraphPrecision.BlockInt4, GgufType.Q4, 1.0, 0.60),
    ];

    /// <summary>Milliseconds of everything that was measured.</summary>
    public IEnumerable<string> Measured()
    {
        var table = new MarkdownTable("what", "load, ms", $"prefill {CallsCommand.Prompt}, ms", "decode, ms a token", "limit, ms", "of the limit");
        foreach (var precision in times.Ours.Keys)
        {
            var (decode, limit) = (times.Of(precision, t => t.Decode), Limit(precision));
            table.Add($"PauseOnnx {GraphPrecisions.NameOf(precision)}", $"{times.Of(precision, t => t.Load):F0}", $"{times.Of(precision, t => t.Prefill):F0}", $"{decode:F2}", $"{limit:F2}", $"{limit / decode:P0}");
        }

        foreach (var type in times.Llama.Keys)
        {
            table.Add($"llama.cpp {GgufTypes.NameOf(type)}", $"{times.Of(type, t => t.Load):F0}", $"{times.Of(type, t => t.Prefill):F0}", $"{times.Of(type, t => t.Decode):F2}", "", "");
        }

        foreach (var precision in times.Transformers.Keys)
        {
            string Of(Func<PeerTimes, double> figure, string format) => times.OfTransformers(precision, figure).ToString(format);
            table.Add($"transformers.js, the file in {GraphPrecisions.NameOf(precision)}", Of(t => t.Load, "F0"), $"{Of(t => t.Prefill, "F0")} with the model's pauses", Of(t => t.Decode, "F2"), "", "");
        }

        return table.Lines;
    }

    /// <summary>What was asked, and whether it is reached.</summary>
    public IEnumerable<string> Verdicts()
    {
        var table = new MarkdownTable("figure", "asked", "measured", "reached");
        foreach (var row in (IEnumerable<string[]>)[.. AgainstLlama(), .. AgainstTheLimit(), .. AgainstTransformers(), .. times.Ours.Keys.SelectMany(Own), .. Batches(), .. Load()])
        {
            table.Add(row);
        }

        return table.Lines;
    }

    private static string[] AtLeast(string figure, double asked, double measured, string format) =>
        [figure, $">= {asked.ToString(format)}", measured.ToString(format), measured >= asked ? "yes" : $"missed by {1 - (measured / asked):P0}"];

    private static string[] AtMost(string figure, double asked, double measured, string format) =>
        [figure, $"<= {asked.ToString(format)}", measured.ToString(format), measured <= asked ? "yes" : asked == 0 ? "no" : $"missed by {(measured / asked) - 1:P0}"];

    private static string[] NotAsked(string figure, string measured) => [figure, "-", measured, "-"];

    private IEnumerable<string[]> AgainstLlama()
    {
        if (times.Llama.Count == 0)
        {
            yield break;
        }

        foreach (var (precision, type, prefill, _) in Asked)
        {
            var (name, peer) = (GraphPrecisions.NameOf(precision), GgufTypes.NameOf(type));
            yield return AtLeast($"prefill {name} against llama.cpp {peer}", prefill, times.Of(type, t => t.Prefill) / times.Of(precision, t => t.Prefill), "0.00 x");
            yield return AtLeast($"decode {name} against llama.cpp {peer}", 1, times.Of(type, t => t.Decode) / times.Of(precision, t => t.Decode), "0.00 x");
        }

        var best = times.Llama.Keys.Min(type => times.Of(type, t => t.Prefill));
        foreach (var precision in times.Ours.Keys)
        {
            yield return AtLeast($"prefill {GraphPrecisions.NameOf(precision)} against llama.cpp's best", 2, best / times.Of(precision, t => t.Prefill), "0.00 x");
        }
    }

    private IEnumerable<string[]> AgainstTheLimit() =>
        Asked.Select(a => AtLeast($"decode {GraphPrecisions.NameOf(a.Precision)} against the limit", a.Limit, Limit(a.Precision) / times.Of(a.Precision, t => t.Decode), "0 %"));

    private IEnumerable<string[]> AgainstTransformers() => times.Transformers.Keys.Select(p =>
        AtLeast($"decode {GraphPrecisions.NameOf(p)} against transformers.js", 1.5, times.OfTransformers(p, t => t.Decode) / times.Of(p, t => t.Decode), "0.00 x"));

    private IEnumerable<string[]> Own(GraphPrecision precision)
    {
        var name = GraphPrecisions.NameOf(precision);
        var added = times.Of(precision, t => (t.FedPauses - t.Prefill) / (t.PausedPrefill - t.Prefill));
        yield return AtMost($"first token {name}, {CallsCommand.Pauses} pauses against none", 1.06, times.Of(precision, t => t.PausedPrefill / t.Prefill), "0.00 x");
        yield return AtLeast($"first token {name}, against pauses fed one by one", 3, times.Of(precision, t => t.FedPauses / t.PausedPrefill), "0.00 x");
        yield return NotAsked($"what pauses add to it {name}, against pauses fed one by one", added > 0 ? $"{added:0.0 x}" : "too little to measure");
        yield return AtMost($"bytes allocated by a step {name}", 0, times.Of(precision, t => t.AllocatedBytes), "0");
        yield return AtMost($"sampling {name}, share of a step", 0.03, times.Of(precision, t => t.Sampling) / times.Of(precision, t => t.Decode), "0.0 %");
    }

    private IEnumerable<string[]> Batches()
    {
        foreach (var (precision, rounds) in times.Batches)
        {
            var step = BatchCommand.Sizes.Select((_, i) => rounds.Select(r => r[i]).ToArray().Median()).ToArray();
            foreach (var (i, size) in BatchCommand.Sizes.Index().Skip(1))
            {
                var (figure, gain) = ($"decoded tokens/s {GraphPrecisions.NameOf(precision)}, batch {size} against 1", size * step[0] / step[i]);
                yield return size == AskedBatch ? AtLeast(figure, 4, gain, "0.00 x") : NotAsked(figure, $"{gain:0.00 x}");
            }
        }
    }

    private IEnumerable<string[]> Load()
    {
        yield return AtMost("load of int4 to the first token, ms", 400, times.Of(GraphPrecision.BlockInt4, t => t.FirstToken), "0");
        if (times.KeptLoads.TryGetValue(GraphPrecision.BlockInt4, out var kept))
        {
            yield return AtMost("the same with OptimizedGraphFolder, ms", 400, kept.ToArray().Median(), "0");
        }
    }

    private double Limit(GraphPrecision precision) => 1000 * bytesPerToken[precision] / bandwidth;
}
