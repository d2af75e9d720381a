namespace PauseOnnx.Model;

/// <summary>A file of a checkpoint, data or model folder does not hold what its format promises.</summary>
/// <param name="message">Name, value found, value expected and file, in one line.</param>
/// <param name="innerException">The parser's own exception, where there was one.</param>
public sealed class ModelFormatException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    private const int MaxFaults = 20;

    /// <summary>Throws one exception that lists the faults found in a file, up to 20; does nothing when there is none.</summary>
    /// <param name="faults">One sentence a fault, without the file's name; not enumerated further than needed.</param>
    /// <param name="file">The file that holds them.</param>
    /// <exception cref="ModelFormatException">There is at least one fault.</exception>
    public static void ThrowIfAny(IEnumerable<string> faults, string file)
    {
        string[] found = [.. faults.Take(MaxFaults + 1)];
        if (found.Length > 0)
        {
            var more = found.Length > MaxFaults ? "; and more" : "";
            throw new ModelFormatException($"{string.Join("; ", found.Take(MaxFaults))}{more} ({file}).");
        }
    }
}
