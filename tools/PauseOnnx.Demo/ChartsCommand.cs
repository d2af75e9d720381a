using System.CommandLine;
using PauseOnnx.Tasks;

namespace PauseOnnx.Demo;

/// <summary><c>pauseonnx-demo charts</c>: tables on the terminal, charts as PNG files.</summary>
internal static class ChartsCommand
{
    private const string Help = """
        Prints the demonstration's tables and draws its charts from the results of 'pauseonnx eval --json'.

        variants.png: the accuracy of each model, with the number of pauses it was exported with.
        slope.png: accuracy by the number of pauses at inference, for each result that tried several.

        Examples:
          pauseonnx-demo charts --results artifacts/demo/results --out artifacts/demo
        """;

    internal static Command Create()
    {
        var results = new Option<string>("--results") { Description = "Folder of result files (*.json).", Required = true, HelpName = "DIR" };
        var output = new Option<string>("--out") { Description = "Folder for the charts.", Required = true, HelpName = "DIR" };
        var command = new Command("charts", Help) { results, output };
        command.SetAction(parsed => Run(EvalResults.Read(parsed.GetRequiredValue(results)), parsed.GetRequiredValue(output)));
        return command;
    }

    private static void Run(IReadOnlyList<EvalResult> results, string folder)
    {
        var slopes = results.Where(r => r.Results.Count > 1).ToList();
        foreach (var table in slopes.Select(ResultTables.Slope).Prepend(ResultTables.Variants(results)))
        {
            Console.WriteLine(string.Join(Environment.NewLine, table) + Environment.NewLine);
        }

        if (ChartFont.Find() is null)
        {
            Console.Error.WriteLine("No font is installed, so the charts will have no text; install one, such as DejaVu Sans.");
        }

        Draw("variants.png", file => Charts.DrawVariants(results, file));
        if (slopes.Count > 0)
        {
            Draw("slope.png", file => Charts.DrawSlope(slopes, file));
        }

        void Draw(string name, Action<string> draw)
        {
            var file = Path.Combine(folder, name);
            draw(file);
            Console.WriteLine($"chart: {file}");
        }
    }
}
