using System.Security.Cryptography;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Model;

/// <summary>The weights of a checkpoint folder, memory-mapped: one model.safetensors, or shards with their index.</summary>
/// <remarks>Thread-safe for reading. Weights are valid until <see cref="Dispose"/>.</remarks>
public sealed class CheckpointWeights : IDisposable
{
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> _weights = [];
    private readonly ModelConfig _config;
    private readonly FamilyWeights _family;

    private CheckpointWeights(ModelConfig config) => (_config, _family) = (config, FamilyWeights.Of(config.Family));

    /// <summary>
    /// Opens the weights of a folder and checks that every weight of the configuration is there, in its shape, and none that
    /// the configuration does not speak of. Buffers that hold no parameters are ignored, and so is a head that is tied.
    /// </summary>
    /// <exception cref="ModelFormatException">
    /// A file lies, a weight is missing, has another shape or is not floating-point, or is another model's; each is listed.
    /// </exception>
    /// <exception cref="FileNotFoundException">The folder has no weights.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static CheckpointWeights Open(string folder, ModelConfig config)
    {
        var weights = new CheckpointWeights(config);
        try
        {
            foreach (var file in FindFiles(folder))
            {
                weights.Add(SafetensorsFile.Open(file));
            }

            ModelFormatException.ThrowIfAny(weights.FindFaults(), folder);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The file and entry of a weight of the configuration the folder was opened with.</summary>
    public (SafetensorsFile File, SafetensorsEntry Entry) this[string name] =>
        Find(name) ?? throw new KeyNotFoundException($"There is no weight '{name}'; expected one of the configuration.");

    /// <summary>All values of one weight as float32, row-major.</summary>
    /// <exception cref="OverflowException">The weight has 2^31 elements or more.</exception>
    public float[] ReadFloats(string name)
    {
        var (file, entry) = this[name];
        var values = new float[checked((int)(entry.Length / SafetensorsEntry.SizeOf(entry.Type)))];
        file.ReadAsFloat(entry, 0, values);
        return values;
    }

    /// <summary>SHA-256 over the weight files in order, in lower-case hexadecimal: the identity of a checkpoint.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public string Sha256(CancellationToken cancellationToken = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        foreach (var file in _files)
        {
            using var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(f => f.Dispose());

    private static IReadOnlyList<string> FindFiles(string folder)
    {
        var single = Path.Combine(folder, FileNames.Weights);
        if (File.Exists(single))
        {
            return [single];
        }

        var index = Path.Combine(folder, FileNames.WeightsIndex);
        if (!File.Exists(index))
        {
            throw new FileNotFoundException($"Neither {FileNames.Weights} nor {FileNames.WeightsIndex} is in '{folder}'; expected a checkpoint folder in Hugging Face's layout.");
        }

        var json = JsonFields.ParseObject(index);
        if (!json.TryGetProperty("weight_map", out var map) || map.ValueKind != System.Text.Json.JsonValueKind.Object
            || map.EnumerateObject().Any(p => p.Value.ValueKind != System.Text.Json.JsonValueKind.String))
        {
            throw new ModelFormatException($"'weight_map' is not an object of file names ({index}).");
        }

        var names = map.EnumerateObject().Select(p => p.Value.GetString()!).Distinct().Order(StringComparer.Ordinal).ToArray();
        return names.FirstOrDefault(n => n is "" or "." or ".." || n != Path.GetFileName(n)) is { } outside
            ? throw new ModelFormatException($"'weight_map' names '{outside}'; expected files of the same folder ({index}).")
            : [.. names.Select(n => Path.Combine(folder, n))];
    }

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        foreach (var entry in file.Header.Entries)
        {
            if (!_weights.TryAdd(entry.Name, (file, entry)))
            {
                throw new ModelFormatException($"Weight '{entry.Name}' is in two shards; expected one ({_weights[entry.Name].File.Path}, {file.Path}).");
            }
        }
    }

    // A model without its head, as OpenAI's gpt2 was saved, has names without the family's prefix.
    private (SafetensorsFile File, SafetensorsEntry Entry)? Find(string name)
    {
        var bare = name.StartsWith(_family.Prefix, StringComparison.Ordinal) ? name[_family.Prefix.Length..] : name;
        return _weights.TryGetValue(name, out var weight) || _weights.TryGetValue(bare, out weight) ? weight : null;
    }

    private IEnumerable<string> FindFaults()
    {
        var names = new WeightNames(_config);
        if (Find(names.Embedding) is null && FindOtherFamily() is { } other)
        {
            yield return $"The weights are named as those of {other}; expected {ModelConfigJson.ModelTypeOf(_config.Family)}, which {FileNames.Config} says they are";
            yield break;
        }

        // One by one, as a lying configuration can have any number of layers.
        var known = new HashSet<string>();
        foreach (var (name, shape) in names.All())
        {
            if (Find(name) is not { } weight)
            {
                yield return $"Weight '{name}' is missing; expected [{string.Join(", ", shape)}]";
                continue;
            }

            known.Add(weight.Entry.Name);
            if (!weight.Entry.Shape.SequenceEqual(shape.Select(d => (long)d)))
            {
                yield return $"Weight '{name}' is [{string.Join(", ", weight.Entry.Shape)}]; expected [{string.Join(", ", shape)}]";
            }
            else if (weight.Entry.Type is not (SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16))
            {
                yield return $"Weight '{name}' is {weight.Entry.Type}; expected F32, F16 or BF16";
            }
        }

        // Such as biases that the family lacks: a model computed without them is another model.
        foreach (var name in _weights.Keys.Where(n => !known.Contains(n) && n != _family.Head && !FamilyWeights.IsBuffer(n)).Order(StringComparer.Ordinal))
        {
            yield return $"Weight '{name}' is unknown; expected only those of {ModelConfigJson.ModelTypeOf(_config.Family)} with {_config.NumHiddenLayers} layers";
        }
    }

    private string? FindOtherFamily() => Enum.GetValues<ModelFamily>()
        .Where(f => _weights.ContainsKey(FamilyWeights.Of(f).Embedding)).Select(ModelConfigJson.ModelTypeOf).FirstOrDefault();
}
