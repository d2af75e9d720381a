using System.Text.Json.Nodes;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

/// <summary>A tiny exported model with a tokenizer, loaded, and its independent counterpart.</summary>
internal sealed class RuntimeModel : IDisposable
{
    /// <summary>M_inf of the export.</summary>
    public const int PauseCount = 4;

    /// <summary>Ids 0 to 18; the two bytes of <c>é</c> are ids 16 and 17. Then come the end of text, 19, and <c>&lt;pause&gt;</c>, 20.</summary>
    private static readonly string[] Vocabulary = [.. "abcdefghijklmnopÃ©Ġ".Select(c => c.ToString())];

    private readonly TemporaryFolder _folder = new();

    public RuntimeModel(string configName, bool isDynamic = false)
        : this(TinyCheckpoint.Configs[configName], isDynamic)
    {
    }

    public RuntimeModel(ModelConfig config, bool isDynamic = false, Func<ExportOptions, ExportOptions>? change = null)
    {
        Folder = TinyExport.Write(_folder.Root, config, PauseCount, isDynamic, change);
        TokenizerFiles.Write(Folder, Vocabulary, []);
        Plain = new PlainTransformer(_folder["checkpoint"]);
        Model = PauseModel.Load(Folder);
    }

    public string Folder { get; }

    public PauseModel Model { get; }

    public PlainTransformer Plain { get; }

    /// <summary>Prompts of ids that differ from each other and from call to call.</summary>
    public static int[] Prompt(int length, int seed = 1)
    {
        var random = new Random((seed * 1000) + length);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(19))];
    }

    /// <summary>The greedy answer, by plain loops.</summary>
    public int[] PlainGreedy(int[] prompt, int count, int pauseCount = PauseCount)
    {
        var produced = new List<int>();
        while (produced.Count < count)
        {
            var logits = Plain.DelayedLogits(prompt, pauseCount, produced)[^1];
            produced.Add(Array.IndexOf(logits, logits.Max()));
        }

        return [.. produced];
    }

    /// <summary>Runs a generator to its end.</summary>
    public int[][] Generate(IReadOnlyList<int[]> prompts, GenerationOptions options) => Generate(Model, prompts, options);

    /// <summary>Runs a generator of a model to its end.</summary>
    public static int[][] Generate(PauseModel model, IReadOnlyList<int[]> prompts, GenerationOptions options)
    {
        using var generator = model.CreateGenerator(prompts, options);
        while (generator.Step())
        {
        }

        return [.. prompts.Select((_, b) => generator.GetIds(b).ToArray())];
    }

    /// <summary>Copies the model's folder, to be spoilt.</summary>
    public string CopyTo(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return folder;
    }

    /// <summary>Changes one field of a JSON file.</summary>
    public static void SetField(string file, string name, JsonNode? value)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        json[name] = value;
        File.WriteAllText(file, json.ToJsonString());
    }

    public void Dispose()
    {
        Model.Dispose();
        _folder.Dispose();
    }
}
