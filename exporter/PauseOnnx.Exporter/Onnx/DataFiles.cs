using System.Globalization;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>
/// The data files that an ONNX file names for its tensors. A file from elsewhere can name anything, so a data file must lie
/// in the folder of the file that names it, or, where that file is a link, in the folder that the link leads to: the cache
/// of the Hugging Face hub links both.
/// </summary>
/// <remarks>See <see href="https://github.com/onnx/onnx/blob/main/docs/ExternalData.md">ONNX external data</see>.</remarks>
/// <param name="onnx">The ONNX file.</param>
internal sealed class DataFiles(string onnx)
{
    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(onnx))!;
    private readonly SortedDictionary<string, Int128> _ends = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    /// <summary>Whether a tensor lies in a data file.</summary>
    public static bool IsExternal(TensorProto tensor) =>
        tensor.DataLocation == TensorProto.Types.DataLocation.External || tensor.ExternalData.Count > 0;

    /// <summary>Where a tensor lies.</summary>
    /// <param name="tensor">An external tensor.</param>
    /// <param name="name">The tensor's name in the graph.</param>
    /// <param name="length">Its size in bytes by its type and shape, where the file does not say.</param>
    public FileData Add(TensorProto tensor, string name, long length)
    {
        var location = Entry(tensor, "location") ?? "";
        var (offset, size) = (Number(tensor, name, "offset") ?? 0, Number(tensor, name, "length") ?? length);
        _ends[location] = Int128.Max(_ends.GetValueOrDefault(location), (Int128)offset + size);
        return new FileData(Path.Combine(_folder, location), offset, size);
    }

    /// <summary>Every fault of the tensors' places and of the files that hold them, one sentence each.</summary>
    public IEnumerable<string> FindFaults() => [.. _faults, .. _ends.Select(e => FindFault(e.Key, e.Value)).OfType<string>()];

    private string? FindFault(string location, Int128 end)
    {
        if (location.Length == 0 || location.Contains('\0') || Path.IsPathRooted(location) || location.Split('/', '\\').Contains(".."))
        {
            return $"Data file '{location}' is refused; expected a path inside the folder of the model, without '..'";
        }

        var file = new FileInfo(Path.Combine(_folder, location));
        if (!file.Exists)
        {
            return $"Data file '{location}' is missing; expected {end} bytes of weights";
        }

        var target = RealPath(file.FullName);
        string[] allowed = [RealPath(_folder), Path.GetDirectoryName(RealPath(Path.GetFullPath(onnx)))!];
        if (!allowed.Any(folder => target.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
        {
            return $"Data file '{location}' is a link to '{target}'; expected a file inside the folder of the model";
        }

        var length = new FileInfo(target).Length;
        return length < end ? $"Data file '{location}' has {length} bytes; expected at least {end}: it is truncated" : null;
    }

    // .NET follows a link at the end of a path only. The path exists, so its links do not go in circles.
    private static string RealPath(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(real, part);
            real = File.ResolveLinkTarget(next, returnFinalTarget: true) is { } target ? RealPath(target.FullName) : next;
        }

        return real;
    }

    private long? Number(TensorProto tensor, string name, string key)
    {
        if (Entry(tensor, key) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        _faults.Add($"Initializer '{name}' has {key} '{text}' in its data file; expected a number of bytes from 0");
        return null;
    }

    private static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value;
}
