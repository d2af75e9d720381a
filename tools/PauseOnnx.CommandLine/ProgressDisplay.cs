using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PauseOnnx.CommandLine;

/// <summary>
/// A progress bar with a line of figures and the time left. On a terminal it redraws in place; in a log it prints a line
/// every ten seconds and one at the end.
/// </summary>
public static class ProgressDisplay
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs work that reports its progress.</summary>
    /// <param name="title">What is being done, such as <c>pretrain</c>.</param>
    /// <param name="total">Number of units until done, such as steps or bytes.</param>
    /// <param name="work">Calls its argument with the units done so far and the figures to show, such as <c>loss 2.31</c>.</param>
    public static T Run<T>(string title, long total, Func<Action<long, string>, T> work) => Run(title, total, begun: 0, work);

    /// <summary>Runs work that goes on where an earlier run stopped.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="total">Number of units until done.</param>
    /// <param name="begun">Units that were done before, which say nothing about the time that is left.</param>
    /// <param name="work">As above.</param>
    public static T Run<T>(string title, long total, long begun, Func<Action<long, string>, T> work) =>
        AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected
            ? RunOnTerminal(title, total, work)
            : RunInLog(title, total, begun, work);

    private static T RunOnTerminal<T>(string title, long total, Func<Action<long, string>, T> work)
    {
        var shown = "";
        return AnsiConsole.Progress()
            .HideCompleted(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new FiguresColumn(() => shown), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask(title, maxValue: Math.Max(1, total));
                var result = work((done, figures) =>
                {
                    task.Value = done;
                    shown = figures;
                });
                return result;
            });
    }

    private static T RunInLog<T>(string title, long total, long begun, Func<Action<long, string>, T> work)
    {
        var clock = Stopwatch.StartNew();
        var (printed, last) = (TimeSpan.Zero, (Done: 0L, Figures: ""));
        void Print() => Console.WriteLine($"{title} {last.Done}/{total} {last.Figures}, {Remaining(clock.Elapsed, last.Done - begun, total - begun)}");
        var result = work((done, figures) =>
        {
            last = (done, figures);
            if (clock.Elapsed - printed >= LogInterval)
            {
                printed = clock.Elapsed;
                Print();
            }
        });
        Print();
        return result;
    }

    private static string Remaining(TimeSpan elapsed, long done, long total) => done >= total || done == 0
        ? $"{elapsed:mm\\:ss} taken"
        : $"{elapsed * ((double)(total - done) / done):hh\\:mm\\:ss} left";

    private sealed class FiguresColumn(Func<string> figures) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(figures());
    }
}
