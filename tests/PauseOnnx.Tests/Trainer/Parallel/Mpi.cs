using NUnit.Framework;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Trainer;

/// <summary>The trainer as several processes under Open MPI's launcher, as a user starts it.</summary>
internal static class Mpi
{
    // As root in a container, with more processes than cores, and without the system call that containers forbid.
    private static readonly string[] Environment =
        ["OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "OMPI_MCA_rmaps_base_oversubscribe=1", "OMPI_MCA_btl_vader_single_copy_mechanism=none"];

    /// <summary>Skips the test, with the reason, where there is no Open MPI.</summary>
    public static void IgnoreUnlessInstalled()
    {
        if (!ProgramProcess.IsInstalled("mpirun"))
        {
            Assert.Ignore("Open MPI is not installed (Debian: apt-get install openmpi-bin).");
        }
    }

    /// <summary>Starts <c>mpirun</c> with <c>pauseonnx-train</c> on the processor, one thread a process.</summary>
    public static ProgramProcess Start(int ranks, params string[] arguments) => ProgramProcess.StartProcess(
        "env",
        [.. Environment, "mpirun", "-n", $"{ranks}", "dotnet", Path.Combine(AppContext.BaseDirectory, "pauseonnx-train.dll"), .. arguments, "--device", "cpu", "--threads", "1"]);
}
