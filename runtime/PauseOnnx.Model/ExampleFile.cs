using System.Text.Json;

namespace PauseOnnx.Model;

/// <summary>One question and its answer.</summary>
/// <param name="Prefix">What the model is given.</param>
/// <param name="Work">
/// The worked solution between prefix and answer, present in pause-pretraining documents only, where its tokens may be
/// replaced by <c>&lt;pause&gt;</c>; empty when there is none.
/// </param>
/// <param name="Target">The answer.</param>
public sealed record Example(string Prefix, string Work, string Target);

/// <summary>JSON lines of <c>prefix</c>, <c>target</c> and, optionally, <c>work</c>.</summary>
public static class ExampleFile
{
    /// <summary>Reads a file line by line; blank lines are skipped.</summary>
    /// <exception cref="ModelFormatException">A line is not such an object; the message gives its number.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<Example> Read(string file)
    {
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, $"{file}, line {number}");
            }
        }
    }

    /// <summary>Reads a file as a model sees it: prefixes begin as prompts do, and targets end the text where the tokenizer can.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="limit">Most examples; the first ones are taken.</param>
    /// <exception cref="ModelFormatException">There is none, a line is not one, or has a character that the tokenizer lacks.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TokenizedExample[] ReadTokens(string file, Tokenizer tokenizer, int limit = int.MaxValue)
    {
        int[] end = tokenizer.EosId is { } eos ? [eos] : [];
        try
        {
            var examples = Read(file).Take(limit).AsParallel().AsOrdered()
                .Select(e => new TokenizedExample(tokenizer.Encode(e.Prefix, addSpecialTokens: true), tokenizer.Encode(e.Work), [.. tokenizer.Encode(e.Target), .. end]))
                .ToArray();
            return examples.Length > 0 ? examples : throw new ModelFormatException($"There is no example; expected at least one line ({file}).");
        }
        catch (AggregateException e) when (e.InnerException is FormatException fault)
        {
            throw new ModelFormatException($"{fault.Message} ({file}).", fault);
        }
        catch (AggregateException e) when (e.InnerException is ModelFormatException fault)
        {
            throw new ModelFormatException(fault.Message, fault);
        }
    }

    /// <summary>Writes examples, one a line.</summary>
    public static void Write(string file, IEnumerable<Example> examples) => File.WriteAllLines(file, examples.Select(Format));

    private static Example Parse(string line, string place)
    {
        var faults = new List<string>();
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException($"Not a JSON object; expected \"prefix\" and \"target\" ({place}).");
            }

            var fields = new JsonFields(document.RootElement, "", faults);
            var example = new Example(fields.Text("prefix"), fields.Text("work", ""), fields.Text("target"));
            if (example.Target.Length == 0 && faults.Count == 0)
            {
                faults.Add("'target' is empty; expected the answer");
            }

            ModelFormatException.ThrowIfAny(faults, place);
            return example;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"Not valid JSON; expected an object with \"prefix\" and \"target\" ({place}).", e);
        }
    }

    private static string Format(Example example)
    {
        var work = example.Work.Length > 0 ? $", \"work\": {Quote(example.Work)}" : "";
        return $"{{\"prefix\": {Quote(example.Prefix)}{work}, \"target\": {Quote(example.Target)}}}";
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text);
}
