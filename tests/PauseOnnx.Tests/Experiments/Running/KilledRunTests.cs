using System.Diagnostics;
using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Experiments;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Experiments;

/// <summary>
/// <c>pauseonnx experiment</c> as a process of its own, killed with SIGKILL in each stage, one after the other in one folder:
/// what is finished stays as it is to the byte, nothing is done twice, and in the end everything is as in a run that was left
/// alone.
/// </summary>
[Platform(Exclude = "Win", Reason = "Sends signals.")]
public class KilledRunTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // What is nearest to a finished cell runs first.
    private static readonly Stage[] Order =
        [Stage.Documents, Stage.Prepare, Stage.Pretrain, Stage.Data, Stage.Finetune, Stage.Export, Stage.Evaluate, Stage.Timing];

    [Test]
    public void Experiment_KilledInEachStage_LosesNothingAndRepeatsNothing()
    {
        using var folder = new TemporaryFolder();
        var file = Write(folder.Root);
        var (killed, quiet) = (new ExperimentFolder(folder["killed"]), new ExperimentFolder(folder["quiet"]));
        var jobs = ExperimentMatrix.Of(ExperimentFile.Read(file, SmallExperiments.RecipeFolder)).Jobs;

        foreach (var stage in Order)
        {
            KillIn(stage, file, killed, jobs);
        }

        var before = Finished(killed, jobs);
        RunToTheEnd(file, killed);
        RunToTheEnd(file, quiet);

        Assert.Multiple(() =>
        {
            AssertUnchanged(before);
            foreach (var job in jobs)
            {
                Assert.That(File.Exists(killed.Record(job)) && !File.Exists(killed.Attempt(job)), $"{job} is not finished.");
                if (job.Stage is Stage.Data or Stage.Documents or Stage.Pretrain or Stage.Finetune or Stage.Export)
                {
                    Assert.That(JobRecord.Find(killed.Record(job))!.Output, Is.EqualTo(JobRecord.Find(quiet.Record(job))!.Output), $"{job} made something else.");
                }
            }

            foreach (var cell in jobs.Where(j => j.Stage == Stage.Evaluate))
            {
                Assert.That(WhatItSays(killed.Result(cell)), Is.EqualTo(WhatItSays(quiet.Result(cell))), $"{cell} was answered otherwise.");
            }
        });
    }

    [Test]
    public void Experiment_FinishedAndRunAgain_TouchesNothing()
    {
        using var folder = new TemporaryFolder();
        var file = SmallExperiments.Write(folder.Root);
        var run = new ExperimentFolder(folder["run"]);
        RunToTheEnd(file, run);
        var jobs = ExperimentMatrix.Of(ExperimentFile.Read(file, SmallExperiments.RecipeFolder)).Jobs;
        var before = Finished(run, jobs);
        Assert.That(before, Has.Count.GreaterThan(jobs.Count));

        RunToTheEnd(file, run);

        AssertUnchanged(before);
    }

    // Trainings long enough to be met while they run; pauses before the question go through the export in their own way.
    private static string Write(string folder) => SmallExperiments.Write(folder, json =>
    {
        var longer = JsonNode.Parse("""{ "model": { "max_position_embeddings": 256 }, "pretrain": { "steps": 150 }, "finetune": { "steps": 100, "sequence_length": 220 } }""");
        json["tasks"] = JsonNode.Parse("""[{ "task": "squad", "train": 1000, "heldout": 40 }]""");
        json["pretrain"] = JsonNode.Parse("""{ "on": "documents", "documents": 2000, "vocab_size": 400 }""");
        json["variants"] = new JsonArray(
            new JsonObject { ["name"] = "after", ["variant"] = "PausePT_PauseFT", ["recipe"] = longer!.DeepClone() },
            new JsonObject { ["name"] = "before", ["variant"] = "prepended", ["recipe"] = longer!.DeepClone() });
        json["m_ft"] = new JsonArray("2");
    });

    // Of a training, the program that is killed is the experiment's: its child is left to itself, as after a power cut of one.
    private static void KillIn(Stage stage, string file, ExperimentFolder folder, IReadOnlyList<Job> jobs)
    {
        var ofStage = jobs.Where(j => j.Stage == stage).ToArray();
        var before = Finished(folder, jobs);
        using (var run = Start(file, folder))
        {
            var clock = Stopwatch.StartNew();
            while (!ofStage.Any(j => File.Exists(folder.Attempt(j)) && (stage is not (Stage.Pretrain or Stage.Finetune) || HasBegun(folder.Log(j)))))
            {
                Assert.That(clock.Elapsed < Patience && !run.HasExited, $"No job of {stage} began: {run.Output} {run.Errors}");
                Thread.Sleep(1);
            }

            run.Kill();
        }

        Assert.That(ofStage.Any(j => !File.Exists(folder.Record(j))), $"All jobs of {stage} were finished when the run was killed.");
        AssertUnchanged(before);
    }

    private static bool HasBegun(string log)
    {
        try
        {
            return File.Exists(log) && File.ReadLines(log).Any(line => TrainingStages.Progress(line) > 0);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static ProgramProcess Start(string file, ExperimentFolder folder) => ProgramProcess.Start(
        "pauseonnx", "experiment", file, "--out", folder.Root, "--parallel", "1", "--threads", "1");

    private static void RunToTheEnd(string file, ExperimentFolder folder)
    {
        using var run = Start(file, folder);
        Assert.That(run.WaitForExit(), Is.Zero, $"{run.Output} {run.Errors}");
    }

    // Records hold how long a job took: done again, they would differ. Timing adds to the results of another job.
    private static Dictionary<string, string> Finished(ExperimentFolder folder, IReadOnlyList<Job> jobs)
    {
        var done = jobs.Where(j => File.Exists(folder.Record(j))).ToArray();
        var timed = done.Where(j => j.Stage == Stage.Timing).Select(j => j.Name).ToHashSet();
        string[] files =
        [
            .. done.Select(folder.Record),
            .. done.Where(j => j.Stage is Stage.Pretrain or Stage.Finetune or Stage.Export or Stage.Prepare or Stage.Data).SelectMany(j => Directory.EnumerateFiles(folder.Output(j), "*", SearchOption.AllDirectories)),
            .. done.Where(j => j.Stage == Stage.Evaluate && timed.Contains(j.Name)).Select(folder.Result),
        ];
        return files.ToDictionary(f => f, f => $"{File.GetLastWriteTimeUtc(f).Ticks} {Sha256.OfFile(f)}");
    }

    private static void AssertUnchanged(Dictionary<string, string> before)
    {
        foreach (var (file, content) in before)
        {
            Assert.That($"{File.GetLastWriteTimeUtc(file).Ticks} {Sha256.OfFile(file)}", Is.EqualTo(content), $"{file} was written again.");
        }
    }

    // All but times.
    private static string WhatItSays(string result)
    {
        var cell = CellResult.Read(result);
        return string.Join('\n', [$"{cell.Variant} {cell.Evaluation.Delay} {cell.Evaluation.PauseCount}", .. cell.Sha256.Select(h => $"{h.Key} {h.Value}"), .. cell.Evaluation.Points.Select(p => $"{p.PauseCount} {string.Join(' ', p.Metrics)} {p.AnswerTokens}")]);
    }
}
