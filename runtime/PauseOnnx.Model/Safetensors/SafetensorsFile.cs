using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace PauseOnnx.Model.Safetensors;

/// <summary>A memory-mapped safetensors file. Nothing is read until it is asked for.</summary>
/// <remarks>Thread-safe for reading. Spans and pointers are valid until <see cref="Dispose"/>.</remarks>
public sealed unsafe partial class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<string, SafetensorsEntry> _entries;
    private byte* _start;

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, long length)
    {
        (Path, _map, _view) = (path, map, view);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        try
        {
            Header = SafetensorsHeader.Parse(ReadHeader(length), length, path);
        }
        catch
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            throw;
        }

        _entries = Header.Entries.ToDictionary(e => e.Name);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Tensors and metadata, checked against the file's length.</summary>
    public SafetensorsHeader Header { get; }

    private byte* Start => _start is not null ? _start : throw new ObjectDisposedException(nameof(SafetensorsFile));

    /// <summary>Maps a file and checks its header.</summary>
    /// <exception cref="ModelFormatException">The file is not safetensors, is truncated, or its header lies.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        var length = new FileInfo(path).Length;
        if (length < SafetensorsHeader.PrefixLength + 2)
        {
            throw new ModelFormatException($"The file has {length} bytes; expected at least {SafetensorsHeader.PrefixLength + 2}: it is truncated ({path}).");
        }

        var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, 0, MemoryMappedFileAccess.Read);
        MemoryMappedViewAccessor? view = null;
        try
        {
            view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            return new SafetensorsFile(path, map, view, length);
        }
        catch
        {
            view?.Dispose();
            map.Dispose();
            throw;
        }
    }

    /// <summary>A tensor's description; null when the file does not hold it.</summary>
    public SafetensorsEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Address of a tensor's first byte inside the map.</summary>
    public nint AddressOf(SafetensorsEntry entry) => (nint)(Start + entry.Offset);

    /// <summary>A tensor of at most 2 GB, in place.</summary>
    /// <exception cref="ModelFormatException">The tensor is missing or has another type.</exception>
    public ReadOnlySpan<T> Read<T>(string name, SafetensorsType type) where T : unmanaged
    {
        var entry = Find(name) ?? throw new ModelFormatException($"Tensor '{name}' is missing ({Path}).");
        if (entry.Type != type)
        {
            throw new ModelFormatException($"Tensor '{name}' is {entry.Type}; expected {type} ({Path}).");
        }

        return MemoryMarshal.Cast<byte, T>(new ReadOnlySpan<byte>(Start + entry.Offset, checked((int)entry.Length)));
    }

    /// <summary>Part of a float32 tensor, in place.</summary>
    /// <param name="entry">An F32 tensor of this file.</param>
    /// <param name="first">Index of the first element.</param>
    /// <param name="count">Number of elements.</param>
    /// <exception cref="ModelFormatException">The tensor has another type.</exception>
    public ReadOnlySpan<float> AsFloats(SafetensorsEntry entry, long first, int count)
    {
        if (entry.Type != SafetensorsType.F32)
        {
            throw new ModelFormatException($"Tensor '{entry.Name}' is {entry.Type}; expected F32 ({Path}).");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, (entry.Length / sizeof(float)) - count);
        return new((float*)(Start + entry.Offset) + first, count);
    }

    /// <summary>Part of a floating-point tensor as float32, whatever its type in the file.</summary>
    /// <param name="entry">An F32, F16 or BF16 tensor of this file.</param>
    /// <param name="first">Index of the first element.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="ModelFormatException">The tensor is not floating-point.</exception>
    public void ReadAsFloat(SafetensorsEntry entry, long first, Span<float> destination)
    {
        var size = SafetensorsEntry.SizeOf(entry.Type);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, (entry.Length / size) - destination.Length);

        // A span holds at most 2 GB, which is less than a large embedding has.
        const int block = 1 << 24;
        for (long done = 0; done < destination.Length; done += block)
        {
            var part = destination.Slice((int)done, (int)Math.Min(block, destination.Length - done));
            ReadBlock(entry, first + done, part);
        }
    }

    /// <summary>
    /// Gives the memory that a tensor takes in the map back to the system, where the system can; reading it again brings it
    /// back. What was read counts as memory of the process until then.
    /// </summary>
    public void Release(SafetensorsEntry entry)
    {
        const int notNeeded = 4;
        if (OperatingSystem.IsLinux())
        {
            // Whole pages, and so perhaps a little of the neighbours.
            var before = entry.Offset % Environment.SystemPageSize;
            _ = Advise(Start + entry.Offset - before, (nuint)(entry.Length + before), notNeeded);
        }
    }

    private void ReadBlock(SafetensorsEntry entry, long first, Span<float> destination)
    {
        var size = SafetensorsEntry.SizeOf(entry.Type);
        var source = new ReadOnlySpan<byte>(Start + entry.Offset + (first * size), destination.Length * size);
        switch (entry.Type)
        {
            case SafetensorsType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                break;
            case SafetensorsType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            case SafetensorsType.BF16:
                Widen(MemoryMarshal.Cast<byte, ushort>(source), MemoryMarshal.Cast<float, uint>(destination));
                break;
            default:
                throw new ModelFormatException($"Tensor '{entry.Name}' is {entry.Type}; expected F32, F16 or BF16 ({Path}).");
        }
    }

    // A bfloat16 is the upper half of a float32.
    private static void Widen(ReadOnlySpan<ushort> halves, Span<uint> destination)
    {
        var done = 0;
        for (; done <= halves.Length - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[done..]), out var low, out var high);
            (low << 16).CopyTo(destination[done..]);
            (high << 16).CopyTo(destination[(done + Vector<uint>.Count)..]);
        }

        for (; done < halves.Length; done++)
        {
            destination[done] = (uint)halves[done] << 16;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start is not null)
        {
            _start = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _map.Dispose();
        }
    }

    private byte[] ReadHeader(long fileLength)
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(_start, SafetensorsHeader.PrefixLength));
        if (length > SafetensorsHeader.MaxLength || (long)length > fileLength - SafetensorsHeader.PrefixLength)
        {
            throw new ModelFormatException($"Header length is {length} bytes; expected at most {Math.Min(SafetensorsHeader.MaxLength, fileLength - SafetensorsHeader.PrefixLength)} in a file of {fileLength}: it is truncated or not safetensors ({Path}).");
        }

        var header = new ReadOnlySpan<byte>(_start + SafetensorsHeader.PrefixLength, (int)length).ToArray();
        return header.Length > 0 && header[0] == (byte)'{'
            ? header
            : throw new ModelFormatException($"The header does not begin with '{{'; expected a safetensors file ({Path}).");
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* address, nuint length, int advice);
}
