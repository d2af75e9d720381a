using System.Globalization;

namespace PauseOnnx.Trainer;

/// <summary>What the environment tells of the program that started this process, <c>mpirun</c> or SLURM's <c>srun</c>.</summary>
/// <param name="Name">Such as <c>mpirun</c>; empty when there is none.</param>
/// <param name="WorldSize">Processes it started for this run; 1 when there is none.</param>
internal sealed record Launcher(string Name, int WorldSize)
{
    /// <summary>The name of Open MPI's launcher.</summary>
    public const string MpiRun = "mpirun";

    // Open MPI's mpirun; then srun, whose step variables (unlike SLURM_NTASKS) are absent from a plain batch script; then the
    // launchers of other MPIs, which Open MPI cannot join: better refused than several runs that believe they are alone.
    private static readonly (string Variable, string Name)[] Sizes =
        [("OMPI_COMM_WORLD_SIZE", MpiRun), ("SLURM_STEP_NUM_TASKS", "srun"), ("PMI_SIZE", "the launcher")];

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">Value of an environment variable, or null.</param>
    /// <exception cref="InvalidDataException">A launcher's number of processes is no number from 1.</exception>
    public static Launcher Detect(Func<string, string?> variable)
    {
        foreach (var (name, launcher) in Sizes)
        {
            if (variable(name) is { } text)
            {
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0
                    ? new Launcher(launcher, size)
                    : throw new InvalidDataException($"The environment variable {name} is '{text}'; expected the number of processes that {launcher} started.");
            }
        }

        return new Launcher("", 1);
    }
}
