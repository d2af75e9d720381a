namespace PauseOnnx.Model;

/// <summary>Writes a single file so that a reader sees the old one or the new one, never half of it.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file and replaces an earlier one; makes its folder where there is none.</summary>
    /// <param name="target">The file.</param>
    /// <param name="write">Writes to the temporary path beside <paramref name="target"/> that it is given.</param>
    /// <exception cref="IOException">The file cannot be written; an earlier one is as it was.</exception>
    public static void Write(string target, Action<string> write)
    {
        var full = Path.GetFullPath(target);
        var temporary = Path.Combine(Path.GetDirectoryName(full) ?? full, $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
            write(temporary);
            File.Move(temporary, full, overwrite: true);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Cannot write '{target}': {e.Message}", e);
        }
        finally
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }
}
