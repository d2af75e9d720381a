using PauseOnnx.Tasks;

namespace PauseOnnx.Tests.Demo;

/// <summary>Small results to make tables and charts from.</summary>
internal static class DemoResults
{
    /// <summary>A result with its own number of pauses first.</summary>
    public static EvalResult Create(string name, string training, string? task, params PauseAccuracy[] results) => new()
    {
        Name = name,
        Model = $"models/{name}",
        Data = "data",
        Task = task,
        PauseTraining = training,
        PauseCount = results[0].PauseCount,
        Results = [.. results.OrderBy(r => r.PauseCount)],
    };

    /// <summary>Writes the four variants and one with several numbers of pauses, each to its own file.</summary>
    public static void Write(string folder)
    {
        EvalResult[] results =
        [
            Create("StdPT_PauseFT", "StdPT_PauseFT", "luhn", new PauseAccuracy(15, 12, 100)),
            Create("PausePT_PauseFT_random_M", "PausePT_PauseFT", "luhn", new(15, 97, 100), new(0, 10, 100), new(7, 60, 100)),
            Create("StdPT_StdFT", "StdPT_StdFT", "luhn", new PauseAccuracy(0, 9, 100)),
            Create("PausePT_PauseFT", "PausePT_PauseFT", "luhn", new PauseAccuracy(15, 199, 200)),
            Create("PausePT_StdFT", "PausePT_StdFT", "luhn", new PauseAccuracy(0, 11, 100)),
        ];
        foreach (var result in results)
        {
            result.Write(Path.Combine(folder, $"{result.Name}.json"));
        }
    }
}
