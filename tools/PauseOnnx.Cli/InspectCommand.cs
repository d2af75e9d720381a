using System.CommandLine;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using Spectre.Console;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx inspect</c>: what is in an exported model, and what differs between two.</summary>
internal static class InspectCommand
{
    private const string Head = " = ";

    private static readonly Argument<string?> Model = new("MODEL")
    {
        Description = "Folder written by 'pauseonnx export', or an ONNX file.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<GraphPrecision?> Precision = PrecisionOption.Create();

    private static readonly Option<bool> Ir = new("--ir")
    {
        Description = "Print the graph itself: one node a line with types and shapes of its results, the functions, the weights.",
    };

    private static readonly Option<string[]> Diff = new("--diff")
    {
        Description = "Print what differs between two folders or ONNX files, instead of MODEL: inputs and outputs, metadata, opsets, operators, nodes, functions, weights.",
        Arity = new ArgumentArity(2, 2),
        AllowMultipleArgumentsPerToken = true,
        HelpName = "A> <B",
    };

    private static readonly Option<string?> Only = new("--only")
    {
        Description = "With --ir or --diff: only lines with this text in the name of a result, operator or weight, such as layers.0 or MatMul.",
        HelpName = "TEXT",
    };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("inspect", """
            Shows what is in an exported model folder: its shape, its pauses, the operators of the ONNX file by domain, the sizes
            of its files, and how it was proven. The operators and metadata are read from the ONNX file itself, the proof from
            export-report.json. An ONNX file of another tool can be shown too, as far as it holds dense tensors only.

            In the text of a graph, layers.3/attention/MatMul_2 is the second MatMul of the attention of layer 3, and a constant
            is named by its type and values: int64[0,4]. --diff leaves such numbers out of account, so that one node more is one
            line more.

            Examples:
              pauseonnx inspect artifacts/models/luhn
              pauseonnx inspect artifacts/models/luhn --precision int4
              pauseonnx inspect artifacts/models/luhn --ir --only layers.0
              pauseonnx inspect artifacts/models/luhn/onnx/model.onnx --ir
              pauseonnx inspect --diff artifacts/models/luhn artifacts/models/luhn-dynamic
            """)
        {
            Model, Precision, Ir, Diff, Only,
        };
        command.SetAction(Run);
        return command;
    }

    private static void Run(ParseResult parsed)
    {
        var precision = parsed.GetValue(Precision);
        var (model, only) = (parsed.GetValue(Model), parsed.GetValue(Only));
        if (parsed.GetValue(Diff) is [var first, var second])
        {
            RefuseIf(model is not null || parsed.GetValue(Ir), "--diff takes two models and no --ir; expected `inspect --diff A B`.");
            PrintDifferences(Read(first, precision), Read(second, precision), only);
            return;
        }

        RefuseIf(model is null, "There is no MODEL; expected a folder that `pauseonnx export` wrote, an ONNX file, or --diff with two of them.");
        RefuseIf(only is not null && !parsed.GetValue(Ir), "--only chooses lines of a graph; expected it with --ir or --diff.");
        if (parsed.GetValue(Ir))
        {
            Console.Write(Choose(Read(model!, precision).Print(), only));
        }
        else
        {
            PrintTables(InspectedModel.Find(model!, precision));
        }
    }

    private static void RefuseIf(bool isWrong, string message)
    {
        if (isWrong)
        {
            throw new ArgumentException(message);
        }
    }

    private static OnnxSummary Read(string path, GraphPrecision? precision) => OnnxSummary.Read(InspectedModel.Find(path, precision).Onnx);

    private static void PrintTables(InspectedModel model) => Tables.Print(InspectTables.Of(model, OnnxSummary.Read(model.Onnx)));

    private static void PrintDifferences(OnnxSummary first, OnnxSummary second, string? only)
    {
        foreach (var difference in OnnxComparison.Compare(first, second))
        {
            string[] lines = [.. difference.Lines.Where(l => only is null || IsNamed(l, only))];
            var verdict = lines.Length > 0 ? "" : difference.Lines.Count == 0 ? " the same" : $" nothing that is named {only}";
            Console.WriteLine($"{difference.Subject}:{verdict}");
            foreach (var line in lines)
            {
                Console.WriteLine($"  {line}");
            }
        }
    }

    private static string Choose(string text, string? only) =>
        only is null ? text : string.Concat(text.Split('\n').Where(l => l.StartsWith("  ", StringComparison.Ordinal) && IsNamed(l, only)).Select(l => l + "\n"));

    // A node's line is: results = operator(arguments) {attributes}.
    private static bool IsNamed(string line, string only)
    {
        var end = line.IndexOf(Head, StringComparison.Ordinal) is >= 0 and var head ? line.IndexOf('(', head) : line.Length;
        return line[..end].Contains(only, StringComparison.Ordinal);
    }
}
