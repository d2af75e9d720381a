using NUnit.Framework;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

/// <summary>How many processes a launcher started, by its environment variables.</summary>
public class LauncherTests
{
    [TestCase("", "", 1)]
    [TestCase("OMPI_COMM_WORLD_SIZE=2", "mpirun", 2)]
    [TestCase("OMPI_COMM_WORLD_SIZE=1", "mpirun", 1)]
    [TestCase("SLURM_STEP_NUM_TASKS=8 SLURM_NTASKS=8 PMIX_RANK=3", "srun", 8)]
    [TestCase("SLURM_NTASKS=8", "", 1, Description = "a batch script before its srun")]
    [TestCase("SLURM_STEP_NUM_TASKS=1 OMPI_COMM_WORLD_SIZE=4", "mpirun", 4, Description = "mpirun inside a SLURM job")]
    [TestCase("PMI_SIZE=2", "the launcher", 2, Description = "another MPI's")]
    public void Detect_Environment_IsUnderstood(string environment, string name, int size) =>
        Assert.That(Detect(environment), Is.EqualTo(new Launcher(name, size)));

    [TestCase("two")]
    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("")]
    public void Detect_SizeThatIsNone_IsRefused(string size) =>
        Assert.That(() => Detect($"OMPI_COMM_WORLD_SIZE={size}"), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
            $"The environment variable OMPI_COMM_WORLD_SIZE is '{size}'; expected the number of processes that mpirun started."));

    private static Launcher Detect(string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        return Launcher.Detect(name => variables.GetValueOrDefault(name));
    }
}
