using System.Text.RegularExpressions;

namespace PauseOnnx.Tests.Support;

/// <summary>C# in documents, compared with source files that are compiled and run.</summary>
internal static partial class CompiledExamples
{
    /// <summary>The parts of a source file between lines that end in <c>: begin</c> and <c>: end</c>, without their indentation.</summary>
    /// <param name="file">Path within the repository.</param>
    /// <param name="mark">What stands before the colon, such as <c>// docs</c>.</param>
    public static IReadOnlyList<string> Of(string file, string mark)
    {
        var examples = new List<string>();
        List<string>? lines = null;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, file)))
        {
            switch (line.Trim())
            {
                case var text when text == $"{mark}: begin":
                    lines = [];
                    break;
                case var text when text == $"{mark}: end":
                    examples.Add(Unindent(lines!));
                    lines = null;
                    break;
                default:
                    lines?.Add(line);
                    break;
            }
        }

        return examples;
    }

    /// <summary>The blocks of C# of a document.</summary>
    /// <param name="file">Path within the repository.</param>
    public static IReadOnlyList<string> In(string file) =>
        [.. CodeBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)).ReplaceLineEndings("\n")).Select(m => m.Groups["code"].Value.Trim('\n'))];

    private static string Unindent(List<string> lines)
    {
        var indentation = lines.Where(l => l.Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return string.Join('\n', lines.Select(l => l.Length > 0 ? l[indentation..] : l)).Trim('\n');
    }

    [GeneratedRegex(@"```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
