using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter;

/// <summary>ONNX's own checker and its strict shape inference over the portable float32 export of every family.</summary>
public class OnnxCheckerTests
{
    // Prints a line for each file that is refused. Data propagation is off: in ONNX 1.12 it fails in functions
    // ("Data for input 0 already exists").
    private const string Script = """
        import sys, onnx
        for file in sys.argv[1:]:
            try:
                onnx.checker.check_model(file, full_check=True)
                onnx.shape_inference.infer_shapes(onnx.load(file, load_external_data=False), check_type=True, strict_mode=True)
            except Exception as e:
                print(file, e)
        """;

    [Test]
    public void Export_OfEveryConfig_PassesOnnxsOwnChecker([Values] bool isDynamic)
    {
        var python = FindPython();
        using var folder = new TemporaryFolder();
        var files = TinyCheckpoint.Configs.Select(c => Path.Combine(TinyExport.Write(folder[c.Key], c.Value, 4, isDynamic), FileNames.Onnx));

        var (exitCode, output) = Run(python, ["-c", Script, .. files]);

        Assert.That((exitCode, output), Is.EqualTo((0, "")));
    }

    [Test]
    public void Checker_OfAWrongShape_RefusesTheFile()
    {
        var python = FindPython();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(TinyExport.Write(folder.Root, TinyCheckpoint.Configs["llama"], 4), FileNames.Onnx);
        OnnxEdit.Change(file, m => m.Graph.Output.Single(o => o.Name == GraphNames.PresentKey(0)).Type.TensorType.Shape.Dim[3].DimValue = 7);

        Assert.That(Run(python, ["-c", Script, file]).Output, Does.StartWith(file).And.Contain("[ShapeInferenceError]"));
    }

    // Debian's package serves Debian's interpreter, which need not be the first on the path.
    private static string FindPython()
    {
        string[] candidates = [.. new[] { "python3", "/usr/bin/python3" }.Where(p => Path.IsPathRooted(p) ? File.Exists(p) : ProgramProcess.IsInstalled(p))];
        var python = candidates.FirstOrDefault(p => Run(p, ["-c", "import onnx"]).ExitCode == 0);
        if (python is null)
        {
            Assert.Ignore("ONNX's own checker is not installed: Debian's package is python3-onnx.");
        }

        return python;
    }

    private static (int ExitCode, string Output) Run(string python, string[] arguments)
    {
        using var process = ProgramProcess.StartProcess(python, arguments);
        var exitCode = process.WaitForExit();
        return (exitCode, (process.Output + (exitCode == 0 ? "" : process.Errors)).Trim());
    }
}
