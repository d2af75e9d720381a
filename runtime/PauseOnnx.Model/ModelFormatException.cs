namespace PauseOnnx.Model;

/// <summary>A file of a checkpoint, data or model folder does not hold what its format promises.</summary>
/// <param name="message">Name, value found, value expected and file, in one line.</param>
/// <param name="innerException">The parser's own exception, where there was one.</param>
public sealed class ModelFormatException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Throws one exception that lists every fault found in a file; does nothing when there is none.</summary>
    /// <param name="faults">One sentence a fault, without the file's name.</param>
    /// <param name="file">The file that holds them.</param>
    /// <exception cref="ModelFormatException">There is at least one fault.</exception>
    public static void ThrowIfAny(IReadOnlyList<string> faults, string file)
    {
        if (faults.Count > 0)
        {
            throw new ModelFormatException($"{string.Join("; ", faults)} ({file}).");
        }
    }
}
