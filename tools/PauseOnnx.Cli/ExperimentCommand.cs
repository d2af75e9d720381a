using System.CommandLine;
using System.Globalization;
using PauseOnnx.CommandLine;
using PauseOnnx.Experiments;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx experiment</c>: variants x tasks x pause counts x seeds, from data to results.</summary>
internal static class ExperimentCommand
{
    private static readonly Argument<string?> Name = new("EXPERIMENT")
    {
        Description = "A JSON file, or the name of an experiment that comes with the program; without it, those are listed.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Output = new("--out")
    {
        Description = "Folder for everything: data, checkpoints, models, results, logs [default: experiments and the experiment's name].",
        HelpName = "DIR",
    };

    private static readonly Option<int?> Parallel = new Option<int?>("--parallel") { Description = "Most jobs at a time [default: cores / threads of a job]." }.Positive();

    private static readonly Option<int?> Threads = new Option<int?>("--threads") { Description = "Threads of a job [default: threads_per_job of the experiment, and 1 where it says nothing]." }.Positive();

    private static readonly Option<string?> Trainer = new("--trainer")
    {
        Description = $"The trainer, pauseonnx-train.dll or an executable [default: {TrainerProgram.Variable}, else the one beside this program or on the path].",
        HelpName = "PATH",
    };

    private static readonly Option<bool> List = new("--list") { Description = "Show the jobs, what each needs and whether it is finished; run nothing." };

    private static readonly Option<Stage?> StageOption = new("--stage")
    {
        Description = "With --list and --job: the jobs of one stage.",
        HelpName = string.Join('|', Enum.GetValues<Stage>().Select(Job.NameOf)),
    };

    private static readonly Option<string?> JobOption = new("--job") { Description = "Run this job alone: its id, or with --stage its number there, from 1.", HelpName = "ID|N" };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("experiment", """
            Runs an experiment: pretrains, finetunes, exports and evaluates variants of a model on tasks, with several numbers of
            pauses and seeds, and writes a result for each. What is finished is not run again: after Ctrl-C, a kill or a
            failure the same command goes on. 'pauseonnx report' makes tables and figures of the results.

            An experiment is a JSON file; copy one that comes with the program to begin with:
              { "name": "mine", "description": "Word problems, with and without pauses.", "recipe": "small",
                "tasks": [ { "task": "gsm8k", "data": "data/gsm8k" }, { "task": "squad", "train": 3000, "heldout": 500 } ],
                "pretrain": { "on": "documents", "documents": 20000, "vocab_size": 2048 },
                "variants": [ "StdPT_StdFT", "PausePT_PauseFT", "filler",
                              { "name": "6 layers", "variant": "StdPT_StdFT", "recipe": { "model": { "num_hidden_layers": 6 } } } ],
                "m_ft": [ 10, "0..20" ], "m_inf": "0,2,5,10,20", "seeds": [ 0, 1, 2 ], "limit": 500 }

            Examples:
              pauseonnx experiment
              pauseonnx experiment luhn
              pauseonnx experiment mine.json --out results/mine --parallel 4 --threads 2
              pauseonnx experiment mine.json --list

            With SLURM, a job of an array is one job of a stage; --list says how many there are. finetune.sh, and one such file
            for each stage:
              #!/bin/sh
              #SBATCH --cpus-per-task=8
              pauseonnx experiment mine.json --out mine --threads 8 --stage finetune --job $SLURM_ARRAY_TASK_ID
            and then, each when the one before has ended (sbatch --dependency=afterok:ID says so):
              sbatch --array=1-2 data.sh
              sbatch --array=1-6 pretrain.sh
              sbatch --array=1-18 finetune.sh
              sbatch --array=1-18 export.sh
              sbatch --array=1-24 evaluate.sh
              sbatch --array=1-24%1 --exclusive timing.sh
            """)
        {
            Name, Output, Parallel, Threads, Trainer, List, StageOption, JobOption,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Name) is not { } name)
        {
            ListShipped();
            return CommandHost.Success;
        }

        var trainer = TrainerProgram.Find(parsed.GetValue(Trainer));
        var experiment = ExperimentFile.Read(name, Path.Combine(Path.GetDirectoryName(trainer)!, "recipes"));
        var folder = parsed.GetValue(Output) ?? Path.Combine("experiments", experiment.Name);
        var programs = new ExperimentPrograms(ProgramCommand.Of(trainer), ProgramCommand.Of(typeof(ExperimentCommand).Assembly.Location));
        ExperimentRun Open() => new(experiment, folder, programs, parsed.GetValue(Threads));
        if (parsed.GetValue(List))
        {
            ListJobs(ExperimentMatrix.Of(experiment), parsed.GetValue(StageOption), Directory.Exists(folder) ? Open().IsFinished : _ => false);
            return CommandHost.Success;
        }

        var run = Open();
        if (parsed.GetValue(JobOption) is { } job)
        {
            run.RunOne(Find(run.Matrix, job, parsed.GetValue(StageOption)), cancellationToken);
            return CommandHost.Success;
        }

        if (parsed.GetValue(StageOption) is { } stage)
        {
            throw new ArgumentException($"--stage is {Job.NameOf(stage)} without --list or --job; expected one of them with it.");
        }

        var threads = parsed.GetValue(Threads) ?? experiment.ThreadsPerJob;
        var failures = run.RunAll(parsed.GetValue(Parallel) ?? Math.Max(1, Environment.ProcessorCount / threads), cancellationToken);
        Console.WriteLine($"{run.Matrix.Cells.Count(run.IsFinished)} of {run.Matrix.Cells.Count} cells are finished: {Path.Combine(folder, "results")}");
        foreach (var failure in failures)
        {
            Console.Error.WriteLine($"error: {failure.Job} failed: {failure.Message}{(failure.Log is { } log ? $" ({Path.Combine(folder, Path.GetRelativePath(Path.GetFullPath(folder), log))})" : "")}");
        }

        return failures.Count == 0 ? CommandHost.Success : CommandHost.Failure;
    }

    private static void ListShipped()
    {
        var width = ExperimentFile.Shipped.Max(s => s.Name.Length);
        foreach (var (name, description) in ExperimentFile.Shipped)
        {
            Console.WriteLine($"{name.PadRight(width)}  {description}");
        }
    }

    private static void ListJobs(ExperimentMatrix matrix, Stage? only, Func<Job, bool> isFinished)
    {
        var width = matrix.Jobs.Max(j => j.Id.Length);
        foreach (var stage in matrix.Jobs.GroupBy(j => j.Stage).Where(s => only is null || s.Key == only))
        {
            Console.WriteLine($"{Job.NameOf(stage.Key)}: {stage.Count()} {(stage.Count() == 1 ? "job" : "jobs")}");
            foreach (var (i, job) in stage.Index())
            {
                var needs = job.Needs.Count > 0 ? $"  needs {string.Join(", ", job.Needs.Select(n => n.Id))}" : "";
                Console.WriteLine($"{i + 1,5}  {job.Id.PadRight(width)}  {(isFinished(job) ? "finished" : "to do   ")}{needs}");
            }
        }
    }

    private static Job Find(ExperimentMatrix matrix, string text, Stage? stage)
    {
        var jobs = matrix.Jobs.Where(j => stage is null || j.Stage == stage).ToArray();
        if (jobs.FirstOrDefault(j => j.Id == text) is { } named)
        {
            return named;
        }

        if (stage is { } one && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number >= 1 && number <= jobs.Length
                ? jobs[number - 1]
                : throw new ArgumentException($"--job is {number}; stage {Job.NameOf(one)} has jobs 1 to {jobs.Length}.");
        }

        throw new ArgumentException($"--job '{text}' is unknown; expected an id that --list shows, or a number with --stage.");
    }
}
