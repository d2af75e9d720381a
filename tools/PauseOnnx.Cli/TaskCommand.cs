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

    private static readonly Option<string?> Output = new("--out") { Description = "Folder for the examples [default: the task's name].", HelpName = "DIR" };

    private static readonly Option<int> Train = new Option<int>("--train")
    {
        Description = "Number of training examples.",
        DefaultValueFactory = _ => TaskData.DefaultTrainCount,
    }.Positive();

    private static readonly Option<int> HeldOutCount = new Option<int>("--heldout")
    {
        Description = "Number of examples for evaluation, none of which can occur in training.",
        DefaultValueFactory = _ => TaskData.DefaultHeldOutCount,
    }.Positive();

    private static readonly Option<int> Seed = new("--seed") { Description = "The same seed gives the same files." };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("task", """
            Makes questions with known answers: a tokenizer, train.jsonl with worked solutions, and heldout.jsonl. A tenth of
            all questions, chosen by a hash, never occur in training and are the only ones in heldout.jsonl.

            Examples:
              pauseonnx task
              pauseonnx task luhn --out artifacts/data/luhn
              pauseonnx task parity --out artifacts/data/parity --train 160000 --seed 1
            """)
        {
            Name, Output, Train, HeldOutCount, Seed,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private static void Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Name) is not { } name)
        {
            var width = TaskList.All.Max(t => t.Name.Length);
            foreach (var known in TaskList.All)
            {
                Console.WriteLine($"{known.Name.PadRight(width)}  {known.Description}");
            }

            return;
        }

        var task = TaskList.Get(name);
        var folder = parsed.GetValue(Output) ?? task.Name;
        TaskData.Write(folder, task, parsed.GetValue(Train), parsed.GetValue(HeldOutCount), parsed.GetValue(Seed), cancellationToken);
        Console.WriteLine($"{parsed.GetValue(Train)} examples to train on and {parsed.GetValue(HeldOutCount)} held out: {folder}");
    }
}
