using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// Data parallel training seen from one of its processes (a rank): what all of them do together. Every rank calls the same
/// methods in the same order; each call returns when this rank's part is done.
/// </summary>
/// <remarks>Calls are serialized; <see cref="Abort"/> alone may come at any time, from any thread.</remarks>
public interface ICollective : IDisposable
{
    /// <summary>This process, from 0. Rank 0 alone prints progress and writes files.</summary>
    int Rank { get; }

    /// <summary>Number of processes; 1 when there are no others.</summary>
    int WorldSize { get; }

    /// <summary>This process among those on the same machine, from 0.</summary>
    int LocalRank { get; }

    /// <summary>Number of processes on this machine.</summary>
    int LocalSize { get; }

    /// <summary>Adds up a tensor over all ranks, in place; every rank gets the same bits.</summary>
    /// <param name="values">Contiguous float32, where the engine works: CPU memory for Open MPI, GPU memory for NCCL (bfloat16 too).</param>
    /// <exception cref="ArgumentException">The tensor is not of that kind.</exception>
    void Sum(Tensor values);

    /// <summary>Gives every rank the values of rank 0, in place.</summary>
    /// <param name="values">Contiguous, of any type, of the same length on every rank, where the engine works.</param>
    void Broadcast(Tensor values);

    /// <summary>Waits until every rank has come here.</summary>
    void Barrier();

    /// <summary>Ends every rank, this one included, after a line on standard error. A single process returns from it.</summary>
    /// <param name="reason">What went wrong here, in one line.</param>
    void Abort(string reason);
}
