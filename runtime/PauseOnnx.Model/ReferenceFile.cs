using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Model;

/// <summary>
/// Prompts with the trainer's own logits. The exporter feeds the prompt, then the next ids one by one, and must get the same.
/// </summary>
/// <param name="Name">Of the case, such as <c>padded.m4</c>.</param>
/// <param name="PauseCount">M: pauses appended to the prompt.</param>
/// <param name="Batch">B.</param>
/// <param name="InputIds">Prompt [B, T], left-padded.</param>
/// <param name="AttentionMask">[B, T]: 1 = real, 0 = left padding.</param>
/// <param name="NextIds">Ids fed in the decode steps, [B, N].</param>
/// <param name="Logits">[B, 1 + N, V]: after the last pause, then after each next id.</param>
public sealed record ReferenceCase(
    string Name, int PauseCount, int Batch, long[] InputIds, long[] AttentionMask, long[] NextIds, float[] Logits)
{
    /// <summary>T: tokens of the prompt, padding included.</summary>
    public int PromptLength => InputIds.Length / Batch;

    /// <summary>N: number of decode steps.</summary>
    public int Steps => NextIds.Length / Batch;

    /// <summary>V: width of the logits.</summary>
    public int OrdinaryVocabSize => Logits.Length / Batch / (1 + Steps);

    /// <summary>The same case with fewer decode steps.</summary>
    /// <param name="steps">At most <see cref="Steps"/>; more are none more.</param>
    public ReferenceCase Truncated(int steps)
    {
        T[] Rows<T>(T[] values, int width, int kept) => [.. values.Chunk(width).SelectMany(row => row.Take(kept))];
        var kept = Math.Min(steps, Steps);
        return this with
        {
            NextIds = Steps == 0 ? [] : Rows(NextIds, Steps, kept),
            Logits = Rows(Logits, (1 + Steps) * OrdinaryVocabSize, (1 + kept) * OrdinaryVocabSize),
        };
    }
}

/// <summary>reference.safetensors: cases of <see cref="ReferenceCase"/>, each as tensors named <c>case.tensor</c>.</summary>
public static class ReferenceFile
{
    /// <summary>Writes the cases.</summary>
    public static void Write(string file, IEnumerable<ReferenceCase> cases)
    {
        var writer = new SafetensorsWriter();
        foreach (var c in cases)
        {
            writer.Add($"{c.Name}.pause_count", [1], [(long)c.PauseCount])
                .Add($"{c.Name}.input_ids", [c.Batch, c.PromptLength], c.InputIds)
                .Add($"{c.Name}.attention_mask", [c.Batch, c.PromptLength], c.AttentionMask)
                .Add($"{c.Name}.next_ids", [c.Batch, c.Steps], c.NextIds)
                .Add($"{c.Name}.logits", [c.Batch, 1 + c.Steps, c.OrdinaryVocabSize], c.Logits);
        }

        writer.Save(file);
    }

    /// <summary>Reads every case.</summary>
    /// <param name="file">A reference.safetensors.</param>
    /// <param name="config">The checkpoint's shape, which the cases must fit.</param>
    /// <exception cref="ModelFormatException">A tensor is missing, or shapes or ids do not fit the checkpoint.</exception>
    public static IReadOnlyList<ReferenceCase> Read(string file, ModelConfig config)
    {
        const string suffix = ".logits";
        using var tensors = SafetensorsFile.Open(file);
        var names = tensors.Header.Entries.Select(e => e.Name).Where(n => n.EndsWith(suffix, StringComparison.Ordinal));
        ReferenceCase[] cases = [.. names.Select(n => ReadCase(tensors, n[..^suffix.Length], config))];
        return cases.Length > 0 ? cases : throw new ModelFormatException($"There is no case; expected at least one tensor named *{suffix} ({file}).");
    }

    private static ReferenceCase ReadCase(SafetensorsFile tensors, string name, ModelConfig config)
    {
        long[] Ints(string tensor) => [.. tensors.Read<long>($"{name}.{tensor}", SafetensorsType.I64)];
        IReadOnlyList<long> Shape(string tensor) => tensors.Find($"{name}.{tensor}")!.Shape;

        var (ids, mask, next, count) = (Ints("input_ids"), Ints("attention_mask"), Ints("next_ids"), Ints("pause_count"));
        var logits = tensors.Read<float>($"{name}.logits", SafetensorsType.F32).ToArray();
        var (idsShape, nextShape, logitsShape) = (Shape("input_ids"), Shape("next_ids"), Shape("logits"));
        var faults = new List<string>();
        if (idsShape.Count != 2 || idsShape[0] < 1 || idsShape[1] < 1 || !Shape("attention_mask").SequenceEqual(idsShape)
            || nextShape.Count != 2 || nextShape[0] != idsShape[0] || count.Length != 1
            || !logitsShape.SequenceEqual([idsShape[0], 1 + nextShape[1], config.OrdinaryVocabSize]))
        {
            faults.Add($"Case '{name}' has logits [{string.Join(", ", logitsShape)}] for input_ids [{string.Join(", ", idsShape)}] and next_ids [{string.Join(", ", nextShape)}]; expected [B, 1 + N, {config.OrdinaryVocabSize}] for [B, T] and [B, N]");
        }

        if (count.Length == 1 && (count[0] < 0 || count[0] > config.MaxPositionEmbeddings))
        {
            faults.Add($"Case '{name}' has pause_count {count[0]}; expected 0 to {config.MaxPositionEmbeddings}");
        }

        if (ids.Concat(next).Any(i => i < 0 || i >= config.VocabSize))
        {
            faults.Add($"Case '{name}' holds an id outside 0..{config.VocabSize - 1}");
        }

        ModelFormatException.ThrowIfAny(faults, tensors.Path);
        return new ReferenceCase(name, (int)count[0], (int)idsShape[0], ids, mask, next, logits);
    }
}
