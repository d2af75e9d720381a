using System.CommandLine;
using PauseOnnx.CommandLine;
using PauseOnnx.Tasks;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx task</c>: questions with known answers, to train and measure on.</summary>
internal static class TaskCommand
{
    private static readonly Argument<string?> Name = new("TASK")
    {
        Description = "Which questions; without it, the tasks are listed.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Output = new("--out") { Description = "Folder to write [default: the task's name].", HelpName = "DIR" };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "Make up nothing: turn the published files in this folder into examples for the trainer.",
        HelpName = "DIR",
    };

    private static readonly Option<double?> MaxFaulty = FaultyRecords.MaxFaulty();

    private static readonly Option<int?> Train = new Option<int?>("--train")
    {
        Description = $"Number of questions to train on [default: {TaskData.DefaultTextTrainCount}; luhn, parity: {TaskData.DefaultTrainCount}].",
    }.Positive();

    private static readonly Option<int?> HeldOutCount = new Option<int?>("--heldout")
    {
        Description = $"Number of questions for evaluation, none of which is trained on [default: {TaskData.DefaultTextHeldOutCount}; luhn, parity: {TaskData.DefaultHeldOutCount}].",
    }.Positive();

    private static readonly Option<int?> Seed = new("--seed") { Description = "The same seed gives the same files [default: 0]." };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("task", """
            Makes up questions with known answers, as files of the task's published format; or turns such files, the published
            ones too, into train.jsonl and heldout.jsonl for the trainer. luhn and parity come as such, with a tokenizer and
            worked solutions. What is held out never occurs in training.

            Examples:
              pauseonnx task
              pauseonnx task luhn --out artifacts/data/luhn
              pauseonnx task parity --out artifacts/data/parity --train 160000 --seed 1
              pauseonnx task gsm8k --out artifacts/data/gsm8k --train 20000 --heldout 500
              pauseonnx task gsm8k --from artifacts/data/gsm8k --out artifacts/examples/gsm8k
            """)
        {
            Name, Output, Train, HeldOutCount, Seed, From, MaxFaulty,
        };
        command.Validators.Add(result =>
        {
            bool Has(Option option) => result.GetResult(option) is { Implicit: false };
            if (result.GetResult(Name) is null or { Tokens.Count: 0 } && command.Options.FirstOrDefault(Has) is { } useless)
            {
                result.AddError($"{useless.Name} is given without a TASK; expected such as 'task luhn {useless.Name} ...'.");
            }
            else if (Has(From) && new Option[] { Train, HeldOutCount, Seed }.FirstOrDefault(Has) is { } contrary)
            {
                result.AddError($"{contrary.Name} is of questions that are made up; expected it without {From.Name}.");
            }
            else if (Has(MaxFaulty) && !Has(From))
            {
                result.AddError($"{MaxFaulty.Name} is of files that are read; expected it with {From.Name}.");
            }
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private static void Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Name) is not { } name)
        {
            List();
            return;
        }

        var task = TaskList.Get(name);
        var folder = parsed.GetValue(Output) ?? task.Name;
        if (parsed.GetValue(From) is { } published)
        {
            Convert(task, published, folder, new RecordFaults(parsed.GetValue(MaxFaulty) ?? RecordFaults.DefaultMaxFraction), cancellationToken);
            return;
        }

        var (train, heldOut) = TaskData.DefaultCounts(task);
        (train, heldOut) = (parsed.GetValue(Train) ?? train, parsed.GetValue(HeldOutCount) ?? heldOut);
        TaskData.Write(folder, task, train, heldOut, parsed.GetValue(Seed) ?? 0, cancellationToken);
        Report(train, heldOut, folder);
    }

    private static void List()
    {
        var width = TaskList.All.Max(t => t.Name.Length);
        foreach (var task in TaskList.All)
        {
            Console.WriteLine($"{task.Name.PadRight(width)}  {task.Description}");
            Console.WriteLine($"{"".PadRight(width)}  Metric: {string.Join(", ", task.Metrics)}. Files: {task.Files}.");
        }
    }

    private static void Convert(ITask task, string published, string folder, RecordFaults faults, CancellationToken cancellationToken)
    {
        var (train, heldOut) = TaskExamples.Write(task, published, folder, faults, cancellationToken);
        FaultyRecords.Print(faults);
        Report(train, heldOut, folder);
    }

    private static void Report(int train, int heldOut, string folder) => Console.WriteLine($"{train} examples to train on and {heldOut} held out: {folder}");
}
