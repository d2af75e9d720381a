using PauseOnnx.Runtime;

namespace PauseOnnx.Extensions.AI;

/// <summary>Conversations between two of their turns, the one used last at the end.</summary>
/// <param name="create">Makes a new one.</param>
/// <param name="maxIdle">How many to keep.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class ConversationPool(Func<Conversation> create, int maxIdle) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Conversation> _idle = [];
    private bool _isDisposed;

    /// <summary>Number of conversations that wait for their next turn.</summary>
    public int IdleCount
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>
    /// The conversation that has most of these ids at its beginning, rewound to them, or a new one. It is to be given back
    /// to <see cref="Return"/>, or disposed.
    /// </summary>
    /// <param name="ids">What it is to hold in the end.</param>
    public Conversation Take(ReadOnlySpan<int> ids)
    {
        var (found, shared) = TakeLongest(ids);
        if (found is null)
        {
            return create();
        }

        // Another chat with the same beginning goes on from a copy, where both can be kept.
        if (found.Length - shared > shared && IdleCount + 1 < maxIdle)
        {
            var original = found;
            found = original.Fork();
            Return(original);
        }

        found.Rewind(shared);
        return found;
    }

    /// <summary>Keeps a conversation for its next turn.</summary>
    public void Return(Conversation conversation)
    {
        lock (_lock)
        {
            _idle.Add(conversation);
            while (_idle.Count > (_isDisposed ? 0 : maxIdle))
            {
                _idle[0].Dispose();
                _idle.RemoveAt(0);
            }
        }
    }

    /// <summary>Disposes what is idle now, and what is returned later.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _idle.ForEach(c => c.Dispose());
            _idle.Clear();
        }
    }

    private (Conversation? Found, int Shared) TakeLongest(ReadOnlySpan<int> ids)
    {
        lock (_lock)
        {
            var (found, longest) = ((Conversation?)null, 0);
            foreach (var conversation in _idle)
            {
                var shared = SharedLength(conversation.Ids, ids);
                (found, longest) = shared > longest ? (conversation, shared) : (found, longest);
            }

            if (found is not null)
            {
                _idle.Remove(found);
            }

            return (found, longest);
        }
    }

    private static int SharedLength(IReadOnlyList<int> past, ReadOnlySpan<int> ids)
    {
        var length = 0;
        while (length < ids.Length && length < past.Count && past[length] == ids[length])
        {
            length++;
        }

        return length;
    }
}
