using Microsoft.Win32.SafeHandles;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>
/// Sends a file on to the disk while it is still being written, so that the flush that makes it last finds little left to do.
/// </summary>
/// <param name="file">Open for writing, until <see cref="Dispose"/>.</param>
/// <param name="step">Bytes that are sent at once.</param>
internal sealed class EarlyFlush(SafeFileHandle file, long step = 256 << 20) : IDisposable
{
    private Task _flushing = Task.CompletedTask;
    private long _flushed;

    /// <summary>Tells how much has been written.</summary>
    /// <param name="length">Bytes of the file so far.</param>
    /// <exception cref="IOException">The disk did not take what was written before.</exception>
    public void Written(long length)
    {
        if (length - _flushed >= step && _flushing.IsCompleted)
        {
            Wait();
            _flushed = length;
            _flushing = Task.Run(() => RandomAccess.FlushToDisk(file));
        }
    }

    /// <summary>Waits for the disk; not for what has been written since it was last sent.</summary>
    /// <exception cref="IOException">The disk did not take what was written.</exception>
    public void Wait() => _flushing.GetAwaiter().GetResult();

    /// <inheritdoc/>
    public void Dispose() => ((IAsyncResult)_flushing).AsyncWaitHandle.WaitOne();
}
