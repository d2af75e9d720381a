namespace PauseOnnx.Tests.Support;

/// <summary>Asynchronous streams, read to their end.</summary>
internal static class Streams
{
    /// <summary>Everything that comes.</summary>
    public static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> stream) => await stream.ToListAsync();

    /// <summary>Pieces of text as one.</summary>
    public static async Task<string> TextAsync(IAsyncEnumerable<string> pieces) => string.Concat(await pieces.ToListAsync());
}
