using System;
using System.IO;
using System.Text;

namespace PauseOnnx.Build;

/// <summary>
/// The symbol versions that an ELF library demands of others (section .gnu.version_r). The loader refuses a library when one
/// is missing, unless the demand is marked weak.
/// </summary>
/// <remarks>
/// Compiled twice: by MSBuild, against .NET Standard 2.0, as part of the task below, and into the tests. See
/// <see href="https://refspecs.linuxbase.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html#SYMVERRQMTS">
/// LSB, Version Requirements</see>.
/// </remarks>
public static class ElfSymbolVersions
{
    private const ushort Weak = 0x2;         // VER_FLG_WEAK
    private const uint Needs = 0x6ffffffe;   // SHT_GNU_verneed

    /// <summary>Marks the demands for one version as weak, in place.</summary>
    /// <param name="library">A 64-bit little-endian ELF file.</param>
    /// <param name="version">Such as GLIBCXX_3.4.32.</param>
    /// <returns>Number of demands changed; 0 when there is none or they are weak already.</returns>
    /// <exception cref="InvalidDataException">The file is not such an ELF file, or is cut off.</exception>
    public static int Weaken(byte[] library, string version)
    {
        if (library.Length < 64 || U32(library, 0) != 0x464c457f || library[4] != 2 || library[5] != 1)
        {
            throw new InvalidDataException("Not a 64-bit little-endian ELF file.");
        }

        try
        {
            return WeakenSections(library, version);
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("The ELF file is cut off: a section lies outside it.", e);
        }
    }

    private static int WeakenSections(byte[] library, string version)
    {
        var (sections, size, count) = (U64(library, 0x28), U16(library, 0x3a), U16(library, 0x3c));
        var changed = 0;
        for (var i = 0; i < count; i++)
        {
            var section = checked(sections + (i * size));
            if (U32(library, section + 4) == Needs)
            {
                // sh_link is the string table of the names, sh_info the number of libraries that something is demanded of.
                var strings = U64(library, checked(sections + ((int)U32(library, section + 0x28) * size)) + 0x18);
                changed += WeakenNeeds(library, U64(library, section + 0x18), U32(library, section + 0x2c), strings, version);
            }
        }

        return changed;
    }

    // Elfxx_Verneed {version, cnt, file, aux, next}, each with cnt Elfxx_Vernaux {hash, flags, other, name, next}.
    private static int WeakenNeeds(byte[] library, int need, uint libraries, int strings, string version)
    {
        var changed = 0;
        for (var i = 0; i < libraries; i++)
        {
            var demand = checked(need + (int)U32(library, need + 8));
            for (var left = U16(library, need + 2); left > 0; left--)
            {
                var flags = U16(library, demand + 4);
                if ((flags & Weak) == 0 && Text(library, checked(strings + (int)U32(library, demand + 8))) == version)
                {
                    library[demand + 4] = (byte)(flags | Weak);
                    changed++;
                }

                demand = checked(demand + (int)U32(library, demand + 12));
            }

            need = checked(need + (int)U32(library, need + 12));
        }

        return changed;
    }

    private static ushort U16(byte[] bytes, int offset) => BitConverter.ToUInt16(bytes, offset);

    private static uint U32(byte[] bytes, int offset) => BitConverter.ToUInt32(bytes, offset);

    private static int U64(byte[] bytes, int offset) => checked((int)BitConverter.ToUInt64(bytes, offset));

    private static string Text(byte[] bytes, int offset)
    {
        var end = Array.IndexOf(bytes, (byte)0, offset);
        return Encoding.ASCII.GetString(bytes, offset, Math.Max(end - offset, 0));
    }
}

#if !WITHOUT_MSBUILD
/// <summary>Writes a copy of a library in which the demand for one symbol version is weak.</summary>
public sealed class WeakenSymbolVersion : Microsoft.Build.Utilities.Task
{
    /// <summary>The library to read; never changed.</summary>
    [Microsoft.Build.Framework.Required]
    public string Source { get; set; } = "";

    /// <summary>The copy to write.</summary>
    [Microsoft.Build.Framework.Required]
    public string Destination { get; set; } = "";

    /// <summary>Such as GLIBCXX_3.4.32.</summary>
    [Microsoft.Build.Framework.Required]
    public string Version { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            var library = File.ReadAllBytes(Source);
            var changed = ElfSymbolVersions.Weaken(library, Version);
            Directory.CreateDirectory(Path.GetDirectoryName(Destination)!);
            File.WriteAllBytes(Destination, library);
            Log.LogMessage(
                Microsoft.Build.Framework.MessageImportance.High,
                changed > 0 ? "{0}: the demand for {1} is weak in the output copy, so that it loads with an older libstdc++." : "{0}: no strict demand for {1}; copied as it is.",
                Path.GetFileName(Source),
                Version);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Log.LogError("{0}: {1}", Source, e.Message);
        }

        return !Log.HasLoggedErrors;
    }
}
#endif
