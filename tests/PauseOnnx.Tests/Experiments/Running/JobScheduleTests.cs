using NUnit.Framework;
using PauseOnnx.Experiments;

namespace PauseOnnx.Tests.Experiments;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class JobScheduleTests
{
    private static readonly Job Data = new() { Stage = Stage.Data, Name = "d" };
    private static readonly Job[] Trainings = [.. Enumerable.Range(0, 3).Select(i => new Job { Stage = Stage.Pretrain, Name = $"p{i}", Needs = [Data] })];
    private static readonly Job[] Cells = [.. Trainings.Select(t => new Job { Stage = Stage.Evaluate, Name = t.Name, Needs = [t] })];
    private static readonly Job[] Timings = [.. Cells.Select(c => c with { Stage = Stage.Timing, Needs = [c] })];
    private static readonly Job[] All = [Data, .. Trainings, .. Cells, .. Timings];

    private readonly List<string> _begun = [];
    private int _running;
    private int _most;
    private int _atOnce = 1;

    private void Run(JobSchedule schedule, Func<Job, bool>? fails = null, CancellationToken cancellationToken = default) => schedule.Run(
        (job, report, token) =>
        {
            var others = Interlocked.Increment(ref _running) - 1;
            lock (_begun)
            {
                _begun.Add(job.Id);
                _most = Math.Max(_most, others + 1);
                Assert.That(others == 0 || job.Stage != Stage.Timing, "nothing else runs while time is measured");
            }

            report(0.5);
            if (job.Stage == Stage.Pretrain)
            {
                // On a busy machine the next job may take long to begin.
                SpinWait.SpinUntil(() => Volatile.Read(ref _most) >= _atOnce, TimeSpan.FromSeconds(20));
            }

            Interlocked.Decrement(ref _running);
            token.ThrowIfCancellationRequested();
            if (fails?.Invoke(job) == true)
            {
                throw new JobException($"{job} is broken");
            }
        },
        () => { },
        cancellationToken);

    [TestCase(1)]
    [TestCase(2)]
    public void Run_AllJobs_EachOnceWithinTheLimitAndTimingsAlone(int parallel)
    {
        _atOnce = parallel;
        var schedule = new JobSchedule(All, _ => false, parallel);
        Run(schedule);
        Assert.That(schedule.IsDone, Is.True);
        Assert.That(_begun, Is.EquivalentTo(All.Select(j => j.Id)));
        Assert.That(_most, Is.EqualTo(parallel));
    }

    [Test]
    public void Run_OneAtATime_FinishesACellBeforeTheNextTraining()
    {
        Run(new JobSchedule(All, _ => false, parallel: 1));
        Assert.That(_begun, Is.EqualTo(new[] { "data-d", "pretrain-p0", "evaluate-p0", "pretrain-p1", "evaluate-p1", "pretrain-p2", "evaluate-p2", "timing-p0", "timing-p1", "timing-p2" }));
    }

    [Test]
    public void Run_AJobFails_LeavesOutWhatNeedsItAndNothingElse()
    {
        var schedule = new JobSchedule(All, _ => false, parallel: 2);
        Run(schedule, fails: job => job.Id == "pretrain-p1");
        Assert.That(schedule.Failures.Select(f => (f.Job.Id, f.Message)), Is.EqualTo(new[] { ("pretrain-p1", "pretrain-p1 is broken") }));
        Assert.That(_begun, Is.EquivalentTo(All.Select(j => j.Id).Except(["evaluate-p1", "timing-p1"])));
        Assert.That((schedule.FinishedCount, schedule.IsDone), Is.EqualTo((7, false)));
        Assert.That(schedule.Summary, Is.EqualTo("7 of 10 jobs, 1 failed"));
    }

    [Test]
    public void Run_Cancelled_StartsNothingMoreAndCallsNothingFailed()
    {
        using var cancel = new CancellationTokenSource();
        var schedule = new JobSchedule(All, _ => false, parallel: 1);
        Run(schedule, fails: _ =>
        {
            cancel.Cancel();
            return false;
        }, cancel.Token);
        Assert.That(_begun, Is.EqualTo(new[] { "data-d" }));
        Assert.That(schedule.Failures, Is.Empty);
    }

    [Test]
    public void Run_SomeFinishedBefore_AreNotRunAndCount()
    {
        var schedule = new JobSchedule(All, job => job == Data || job == Trainings[0] || job == Cells[0], parallel: 1);
        var costs = All.ToDictionary(j => j, j => j.Stage == Stage.Pretrain ? 10.0 : 1);
        Assert.That(schedule.DoneOf(costs), Is.EqualTo(12));
        Run(schedule);
        Assert.That(_begun, Has.Count.EqualTo(7).And.No.Member("pretrain-p0"));
        Assert.That(schedule.DoneOf(costs), Is.EqualTo(costs.Values.Sum()));
    }
}
