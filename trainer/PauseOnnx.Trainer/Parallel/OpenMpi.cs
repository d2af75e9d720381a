using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>Ranks that meet through Open MPI, over tensors in CPU memory.</summary>
/// <remarks>
/// One a process, for its whole life. Every call is made under one lock, whichever thread it comes from, which is what
/// MPI_THREAD_SERIALIZED asks for; <see cref="Abort"/> takes no lock, since the call it interrupts may never end. See
/// <see href="https://www.mpi-forum.org/docs/mpi-3.1/mpi31-report.pdf">MPI 3.1</see>, sections 5.9.6, 6.4.2 and 12.4.
/// </remarks>
internal sealed unsafe class OpenMpi : ICollective
{
    // The library's versions share these symbols; libmpi.so.40 is Open MPI 3 to 5. A development package adds the plain name.
    private static readonly string[] Libraries = ["libmpi.so.40", "libmpi.so", "libmpi.40.dylib", "libmpi.dylib"];

    private const nint InPlace = 1;                // MPI_IN_PLACE
    private const int ThreadSerialized = 2;        // MPI_THREAD_SERIALIZED
    private const int ThreadMultiple = 3;          // MPI_THREAD_MULTIPLE
    private const int TypeShared = 0;              // MPI_COMM_TYPE_SHARED
    private const long MaxBytes = 1 << 30;         // counts are 32-bit

    // What two ranks of one machine exchange stays in the second-level cache: 40 MB take a third of the time of one call.
    private const long SumCount = 1 << 16;

    private static readonly TimeSpan RankZeroFirst = TimeSpan.FromSeconds(3);

    private readonly Lock _calls = new();
    private readonly nint _library;
    private readonly nint _world;
    private readonly nint _float;
    private readonly nint _byte;
    private readonly nint _sum;
    private readonly delegate* unmanaged<nint, nint, int, nint, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<nint, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged<nint, int> _barrier;
    private bool _isOver;

    /// <summary>Joins the other ranks.</summary>
    /// <param name="launcher">Who started them, and how many.</param>
    /// <exception cref="DllNotFoundException">Open MPI is not installed, or another MPI is in its place.</exception>
    /// <exception cref="InvalidOperationException">Open MPI found another number of ranks than the launcher started.</exception>
    public OpenMpi(Launcher launcher)
    {
        _library = Load(launcher);
        (_world, _float, _byte, _sum) = (Export("ompi_mpi_comm_world"), Export("ompi_mpi_float"), Export("ompi_mpi_byte"), Export("ompi_mpi_op_sum"));
        _allReduce = (delegate* unmanaged<nint, nint, int, nint, nint, nint, int>)Export("MPI_Allreduce");
        _broadcast = (delegate* unmanaged<nint, int, nint, int, nint, int>)Export("MPI_Bcast");
        _barrier = (delegate* unmanaged<nint, int>)Export("MPI_Barrier");
        Initialize();
        (Rank, WorldSize) = Place(_world);
        (LocalRank, LocalSize) = Place(SameMachine());
        if (WorldSize != launcher.WorldSize)
        {
            throw new InvalidOperationException(
                $"{launcher.Name} started {launcher.WorldSize} processes but Open MPI joined {WorldSize}; expected the same. Start them with the mpirun of this Open MPI, or under SLURM with srun --mpi=pmix.");
        }
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int WorldSize { get; }

    /// <inheritdoc/>
    public int LocalRank { get; }

    /// <inheritdoc/>
    public int LocalSize { get; }

    /// <inheritdoc/>
    public void Sum(Tensor values)
    {
        if (values.dtype != ScalarType.Float32)
        {
            throw new ArgumentException($"The tensor to sum is {values.dtype}; expected Float32.", nameof(values));
        }

        var start = AddressOf(values);
        lock (_calls)
        {
            for (var (done, count) = (0L, values.numel()); done < count; done += SumCount)
            {
                Check(_allReduce(InPlace, start + (nint)(done * sizeof(float)), (int)Math.Min(SumCount, count - done), _float, _sum, _world), "MPI_Allreduce");
            }
        }
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor values) => Broadcast(AddressOf(values), values.numel() * values.element_size());

    /// <summary>Gives every rank the bytes of rank 0.</summary>
    public void Broadcast(nint start, long size)
    {
        lock (_calls)
        {
            for (var done = 0L; done < size; done += MaxBytes)
            {
                Check(_broadcast(start + (nint)done, (int)Math.Min(MaxBytes, size - done), _byte, 0, _world), "MPI_Bcast");
            }
        }
    }

    /// <inheritdoc/>
    public void Barrier()
    {
        lock (_calls)
        {
            Check(_barrier(_world), "MPI_Barrier");
        }
    }

    /// <inheritdoc/>
    public void Abort(string reason)
    {
        // One fault often strikes every rank at once; rank 0 then speaks for all, and has ended them before they begin.
        Thread.Sleep(Rank == 0 ? TimeSpan.Zero : RankZeroFirst);
        Console.Error.WriteLine($"error: rank {Rank} of {WorldSize}: {reason} The other ranks are ended.");
        Console.Error.Flush();
        _ = ((delegate* unmanaged<nint, int, int>)Export("MPI_Abort"))(_world, 1);
        Environment.Exit(1);
    }

    /// <summary>Lets <see cref="Dispose"/> do nothing: the launcher is ending the ranks, and no longer answers them.</summary>
    public void LeaveToLauncher() => _isOver = true;

    /// <summary>Leaves the others. A rank that ends without is taken for lost, and ends the others.</summary>
    public void Dispose()
    {
        lock (_calls)
        {
            if (!_isOver)
            {
                _isOver = true;
                Check(((delegate* unmanaged<int>)Export("MPI_Finalize"))(), "MPI_Finalize");
            }
        }
    }

    private static nint Load(Launcher launcher)
    {
        foreach (var name in Libraries)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _)
                    ? library
                    : throw new DllNotFoundException($"{launcher.Name} started {launcher.WorldSize} processes, but {name} is not Open MPI's; expected Open MPI 3 or later (Debian: apt-get install openmpi-bin).");
            }
        }

        throw new DllNotFoundException(
            $"{launcher.Name} started {launcher.WorldSize} processes, but {Libraries[0]} does not load; expected Open MPI (Debian: apt-get install openmpi-bin) on every machine, its folder in LD_LIBRARY_PATH where it is not a standard one.");
    }

    private void Initialize()
    {
        // The waiting thread runs beside those that compute, so it must leave them the processor.
        NativeEnvironment.SetDefault("OMPI_MCA_mpi_yield_when_idle", "1");
        int provided;
        Check(((delegate* unmanaged<nint, nint, int, int*, int>)Export("MPI_Init_thread"))(0, 0, ThreadMultiple, &provided), "MPI_Init_thread");
        if (provided < ThreadSerialized)
        {
            throw new InvalidOperationException($"This Open MPI supports thread level {provided}; expected {ThreadSerialized} (MPI_THREAD_SERIALIZED) or more.");
        }
    }

    private nint SameMachine()
    {
        nint machine;
        Check(((delegate* unmanaged<nint, int, int, nint, nint*, int>)Export("MPI_Comm_split_type"))(_world, TypeShared, 0, Export("ompi_mpi_info_null"), &machine), "MPI_Comm_split_type");
        return machine;
    }

    private (int Rank, int Size) Place(nint communicator)
    {
        int rank, size;
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank"))(communicator, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size"))(communicator, &size), "MPI_Comm_size");
        return (rank, size);
    }

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);

    private static nint AddressOf(Tensor values) => values.device_type == TorchSharp.DeviceType.CPU
        ? TensorMemory.AddressOf(values)
        : throw new ArgumentException($"The tensor is on {values.device_type}; expected CPU memory for Open MPI.", nameof(values));

    private static void Check(int result, string function)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"{function} failed with Open MPI's error {result}.");
        }
    }
}
