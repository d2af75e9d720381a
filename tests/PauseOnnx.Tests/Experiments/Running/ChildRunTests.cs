using NUnit.Framework;
using PauseOnnx.Experiments;
using PauseOnnx.Tests.Support;
using SystemProcess = System.Diagnostics.Process;

namespace PauseOnnx.Tests.Experiments;

[Platform(Exclude = "Win", Reason = "Runs programs of Unix.")]
public class ChildRunTests
{
    [Test]
    public void EndOrphan_ProcessThatWasNoted_EndsIt()
    {
        using var orphan = Sleep();
        ChildRun.EndOrphan(Note(orphan));
        Assert.That(orphan.WaitForExit(TimeSpan.FromSeconds(30)), Is.Not.Zero);
    }

    [Test]
    public void EndOrphan_OtherProcessOfTheSameNumber_LeavesIt()
    {
        using var other = Sleep();
        ChildRun.EndOrphan(Note(other) with { Started = DateTimeOffset.Now.AddHours(-1) });
        ChildRun.EndOrphan(Note(other) with { Host = "another-machine" });
        Assert.That(other.HasExited, Is.False);
    }

    [Test]
    public void EndOrphan_ProcessThatHasEnded_IsNoError()
    {
        using var ended = Sleep();
        var note = Note(ended);
        ended.Kill();
        Assert.That(() => ChildRun.EndOrphan(note), Throws.Nothing);
    }

    [Test]
    public void Run_ProgramThatFails_GivesItsErrorAndKeepsItsLog()
    {
        using var folder = new TemporaryFolder();
        var log = folder["a/job.log"];
        Assert.That(
            () => Run("echo half way; echo 'error: No bread.' >&2; exit 1", log),
            Throws.TypeOf<JobException>().With.Message.EqualTo("No bread."));
        Assert.That(() => Run("exit 3", log), Throws.TypeOf<JobException>().With.Message.EqualTo("ended with exit code 3"));
        Assert.That(File.ReadAllLines(log), Is.SupersetOf(new[] { "half way", "error: No bread." }));
        Assert.That(File.ReadLines(log).Count(line => line.StartsWith('$')), Is.EqualTo(2), "what is run is appended");
    }

    private static void Run(string script, string log) =>
        ChildRun.Run(new ProgramCommand("bash", ["-c"]), [script], log, _ => { }, _ => { }, CancellationToken.None);

    private static ProgramProcess Sleep() => ProgramProcess.StartProcess("sleep", ["300"]);

    private static ChildProcess Note(ProgramProcess process)
    {
        using var found = SystemProcess.GetProcessById(process.Id);
        return new ChildProcess(Environment.MachineName, process.Id, found.StartTime);
    }
}
