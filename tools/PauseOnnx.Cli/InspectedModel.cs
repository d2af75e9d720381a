using PauseOnnx.Model;

namespace PauseOnnx.Cli;

/// <summary>One graph that a user wants to see.</summary>
/// <param name="Onnx">Its ONNX file.</param>
/// <param name="Folder">The model folder it belongs to; null for an ONNX file that stands alone.</param>
internal sealed record InspectedModel(string Onnx, string? Folder)
{
    /// <summary>Finds the graph of a model folder, or of an ONNX file.</summary>
    /// <param name="path">A model folder or an ONNX file.</param>
    /// <param name="precision">Which graph of a folder; null for the first there is, in the order of <see cref="GraphPrecision"/>.</param>
    /// <exception cref="ArgumentException">A precision is given for a file.</exception>
    /// <exception cref="FileNotFoundException">There is no such graph; the message names those there are.</exception>
    public static InspectedModel Find(string path, GraphPrecision? precision)
    {
        if (!File.Exists(path))
        {
            return FindInFolder(path, precision);
        }

        if (precision is not null)
        {
            throw new ArgumentException($"--precision chooses a graph of a folder, but '{path}' is a file; expected one or the other.");
        }

        var folder = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(path)));
        return new InspectedModel(path, folder is not null && File.Exists(Path.Combine(folder, FileNames.Config)) ? folder : null);
    }

    private static InspectedModel FindInFolder(string folder, GraphPrecision? precision)
    {
        var found = GraphPrecisions.In(folder);
        var chosen = precision ?? (found is [var first, ..] ? first : GraphPrecision.Fp32);
        var file = Path.Combine(folder, GraphPrecisions.FileOf(chosen));
        if (found.Contains(chosen))
        {
            return new InspectedModel(file, folder);
        }

        throw new FileNotFoundException(found.Count == 0
            ? $"'{file}' is missing; expected a folder that `pauseonnx export` wrote."
            : $"'{file}' is missing; expected one of the precisions in the folder: {string.Join(", ", found.Select(GraphPrecisions.NameOf))}.");
    }
}
