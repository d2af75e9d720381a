using System.Globalization;
using System.Text.Json;
using PauseOnnx.Model;
using ScottPlot;
using TorchSharp;

namespace PauseOnnx.Trainer;

/// <summary>
/// The figures of a run, in a folder beside its checkpoint: metrics.jsonl with a line a step, events for TensorBoard, and the
/// curve as a picture. When it cannot be written any more, a warning says so and training goes on without it.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class TrainingLog : IDisposable
{
    /// <summary>One JSON object a line.</summary>
    public const string MetricsFile = "metrics.jsonl";

    /// <summary>Loss over steps.</summary>
    public const string CurveFile = "curve.png";

    private const int Width = 1400;
    private const int Height = 800;

    private readonly string _folder;
    private readonly StreamWriter _metrics;
    private readonly TorchSharp.Modules.SummaryWriter _events;
    private readonly List<(double Step, double Loss)> _losses = [];
    private readonly List<(double Step, double Loss)> _heldOut = [];
    private bool _isBroken;

    /// <summary>Opens the folder of a run.</summary>
    /// <param name="checkpoint">The checkpoint folder that the run writes.</param>
    /// <param name="step">Steps already done: earlier lines are kept up to there; 0 begins anew.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public TrainingLog(string checkpoint, int step)
    {
        _folder = FolderOf(checkpoint);
        Directory.CreateDirectory(_folder);
        var file = Path.Combine(_folder, MetricsFile);
        var kept = step > 0 && File.Exists(file) ? File.ReadLines(file).Where(line => Replay(line, step)).ToList() : [];
        AtomicFile.Write(file, temporary => File.WriteAllLines(temporary, kept));
        _metrics = new StreamWriter(file, append: true) { AutoFlush = true };
        var events = Path.Combine(_folder, "tensorboard");
        if (step == 0 && Directory.Exists(events))
        {
            Directory.Delete(events, recursive: true);
        }

        _events = torch.utils.tensorboard.SummaryWriter(events, createRunName: false);
    }

    /// <summary>The folder of a checkpoint's log: its name and <c>-log</c>.</summary>
    public static string FolderOf(string checkpoint) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkpoint)) + "-log";

    /// <summary>Writes the figures of a step.</summary>
    public void Write(TrainingProgress progress)
    {
        Line(progress.Step, ("loss", progress.Loss), ("learning_rate", progress.LearningRate), ("gradient_norm", progress.GradientNorm), ("tokens_per_second", progress.TokensPerSecond));
        _losses.Add((progress.Step, progress.Loss));
    }

    /// <summary>Writes a held-out loss.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="loss">In nats a target.</param>
    public void WriteHeldOut(int step, double loss)
    {
        Line(step, ("held_out_loss", loss));
        _heldOut.Add((step, loss));
    }

    /// <summary>Draws the curve of all steps so far.</summary>
    public void Draw()
    {
        if (_losses.Count > 0)
        {
            // Whatever a picture needs and does not find: it must not cost the run.
            Try(() =>
            {
                try
                {
                    DrawCurve();
                }
                catch (Exception e) when (e is TypeInitializationException or DllNotFoundException)
                {
                    throw new IOException(e.Message, e);
                }
            });
        }
    }

    private void DrawCurve()
    {
        using var plot = new Plot();
        plot.XLabel("step");
        plot.YLabel("loss (nats a target)");
        plot.Add.SignalXY(_losses.ConvertAll(p => p.Step), _losses.ConvertAll(p => p.Loss)).LegendText = "training";
        if (_heldOut.Count > 0)
        {
            plot.Add.Scatter(_heldOut.ConvertAll(p => p.Step), _heldOut.ConvertAll(p => p.Loss)).LegendText = "held-out";
            plot.ShowLegend(Alignment.UpperRight);
        }

        plot.SavePng(Path.Combine(_folder, CurveFile), Width, Height);
    }

    /// <inheritdoc/>
    public void Dispose() => Try(_metrics.Dispose);

    private void Try(Action write)
    {
        if (_isBroken)
        {
            return;
        }

        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // .NET calls a file that is too large for the system an argument out of range.
            _isBroken = true;
            Console.Error.WriteLine($"warning: the log in '{_folder}' ends here: {e.Message.ReplaceLineEndings(" ")} Training goes on.");
        }
    }

    private void Line(int step, params (string Name, double Value)[] figures)
    {
        var fields = figures.Select(f => string.Create(CultureInfo.InvariantCulture, $"\"{f.Name}\":{(double.IsFinite(f.Value) ? f.Value.ToString("R", CultureInfo.InvariantCulture) : "null")}"));
        Try(() =>
        {
            _metrics.WriteLine($"{{\"step\":{step},{string.Join(",", fields)}}}");
            foreach (var (name, value) in figures)
            {
                _events.add_scalar(name, (float)value, step);
            }
        });
    }

    // Whether an earlier line is of a step that is kept. A process killed while it wrote leaves half a line.
    private bool Replay(string line, int last)
    {
        try
        {
            var json = JsonSerializer.Deserialize<Dictionary<string, double?>>(line)!;
            var step = json["step"]!.Value;
            if (step > last)
            {
                return false;
            }

            if (json.TryGetValue("loss", out var loss) && loss is { } training)
            {
                _losses.Add((step, training));
            }

            if (json.TryGetValue("held_out_loss", out var heldOut) && heldOut is { } found)
            {
                _heldOut.Add((step, found));
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }
}
