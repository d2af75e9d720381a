using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace PauseOnnx.Model;

/// <summary>
/// Writes a folder so that a reader sees the old one or the new one, never half: into a temporary sibling, flushed to the
/// disk, then renamed. A failure or cancellation leaves the old folder untouched and nothing beside it.
/// </summary>
public static partial class AtomicFolder
{
    /// <summary>Checks early, before hours of work, that <see cref="Write"/> will be allowed to replace a folder.</summary>
    /// <param name="target">The folder to be written.</param>
    /// <param name="marker">A file, relative to the folder, that only an earlier result of the same kind holds.</param>
    /// <exception cref="IOException">The folder holds something else, or its parent cannot be written.</exception>
    public static void Check(string target, string marker)
    {
        if (File.Exists(target))
        {
            throw new IOException($"'{target}' is a file; expected a folder that does not exist yet.");
        }

        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any() && !File.Exists(Path.Combine(target, marker)))
        {
            throw new IOException($"'{target}' holds files but no {marker}, so it is not an earlier result and is not replaced; choose another folder.");
        }

        if (IsMountPoint(target))
        {
            throw new IOException($"'{target}' is a mount point, which cannot be replaced; choose a folder inside it.");
        }

        RemoveLeftovers(target);
        Directory.Delete(CreateSibling(target, "tmp"), recursive: true);
    }

    // A container's volume: it can be written into, but not renamed.
    private static bool IsMountPoint(string target)
    {
        const string mounts = "/proc/self/mountinfo";
        const int place = 4;
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target)).Replace(" ", "\\040", StringComparison.Ordinal);
        return File.Exists(mounts) && File.ReadLines(mounts).Any(line => line.Split(' ') is { Length: > place } fields && fields[place] == path);
    }

    /// <summary>Writes a folder and replaces an earlier one of the same kind.</summary>
    /// <param name="target">The folder; created, or replaced when it holds <paramref name="marker"/>.</param>
    /// <param name="marker">A file, relative to the folder, that <paramref name="write"/> makes and nothing else has.</param>
    /// <param name="write">Fills the temporary folder it is given.</param>
    /// <exception cref="IOException">The folder cannot be written, or holds something else.</exception>
    public static void Write(string target, string marker, Action<string> write)
    {
        Check(target, marker);
        var temporary = CreateSibling(target, "tmp");
        try
        {
            write(temporary);
            Flush(temporary);
            Replace(target, temporary);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    /// <summary>Publishes a folder that was filled beside the target, as one does that a killed process shall go on filling.</summary>
    /// <param name="folder">The whole folder; it becomes the target.</param>
    /// <param name="target">The folder; created, or replaced when it holds <paramref name="marker"/>.</param>
    /// <param name="marker">A file, relative to the folder, that both have and nothing else has.</param>
    /// <exception cref="IOException">The folder cannot be written, or holds something else.</exception>
    public static void Publish(string folder, string target, string marker)
    {
        Check(target, marker);
        Flush(folder);
        Replace(target, folder);
    }

    private static void Replace(string target, string temporary)
    {
        if (!Directory.Exists(target))
        {
            Directory.Move(temporary, target);
            return;
        }

        if (Exchange(temporary, target))
        {
            return;
        }

        var old = SiblingName(target, "old");
        Directory.Move(target, old);
        try
        {
            Directory.Move(temporary, target);
        }
        catch
        {
            Directory.Move(old, target);
            throw;
        }

        Directory.Delete(old, recursive: true);
    }

    // One step, so that there is no moment without the folder; the old one is then where the new one was. Not every system
    // and file system can do it.
    private static bool Exchange(string temporary, string target)
    {
        const int currentFolder = -100;
        const uint exchange = 2;
        try
        {
            return OperatingSystem.IsLinux() && Rename(currentFolder, Path.GetFullPath(temporary), currentFolder, Path.GetFullPath(target), exchange) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    // A killed process leaves its temporary folder behind, or, killed between two renames, the old folder aside.
    private static void RemoveLeftovers(string target)
    {
        var (parent, name) = Split(target);
        if (!Directory.Exists(parent))
        {
            return;
        }

        var prefix = $".{name}.";
        foreach (var folder in Directory.EnumerateDirectories(parent))
        {
            var sibling = Path.GetFileName(folder);
            var parts = sibling.StartsWith(prefix, StringComparison.Ordinal) ? sibling[prefix.Length..].Split('.') : [];
            if (parts.Length != 2 || parts[1] is not ("tmp" or "old")
                || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var process) || IsRunning(process))
            {
                continue;
            }

            if (parts[1] == "old" && !Directory.Exists(target))
            {
                Directory.Move(folder, target);
            }
            else
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    // In a container the next process often has the id of the one that was killed: this one has left nothing yet.
    private static bool IsRunning(int process)
    {
        if (process == Environment.ProcessId)
        {
            return false;
        }

        try
        {
            using var running = Process.GetProcessById(process);
            return !running.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string CreateSibling(string target, string suffix)
    {
        var sibling = SiblingName(target, suffix);
        if (Directory.Exists(sibling))
        {
            Directory.Delete(sibling, recursive: true);
        }

        try
        {
            Directory.CreateDirectory(sibling);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot write beside '{target}': {e.Message}", e);
        }

        return sibling;
    }

    private static string SiblingName(string target, string suffix)
    {
        var (parent, name) = Split(target);
        return Path.Combine(parent, $".{name}.{Environment.ProcessId}.{suffix}");
    }

    private static (string Parent, string Name) Split(string target)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        return (Path.GetDirectoryName(full) ?? throw new IOException($"'{target}' is the root of a disk; expected a folder inside it."), Path.GetFileName(full));
    }

    private static void Flush(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(int fromFolder, string from, int toFolder, string to, uint flags);
}
