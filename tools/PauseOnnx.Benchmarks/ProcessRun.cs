using System.Diagnostics;

namespace PauseOnnx.Benchmarks;

/// <summary>A program run from start to end.</summary>
/// <param name="Seconds">Wall time, start of the process included.</param>
/// <param name="PeakBytes">Most memory it had at once (VmHWM on Linux).</param>
internal sealed record ProcessRun(double Seconds, long PeakBytes)
{
    private const int SampleMilliseconds = 10;

    /// <summary>Runs a program.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds the last line it printed.</exception>
    public static ProcessRun Of(string file, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        var peak = 0L;
        while (!process.WaitForExit(SampleMilliseconds))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                process.Kill();
                cancellationToken.ThrowIfCancellationRequested();
            }

            peak = Math.Max(peak, PeakOf(process));
        }

        var seconds = clock.Elapsed.TotalSeconds;
        return process.ExitCode == 0
            ? new(seconds, peak)
            : throw new InvalidOperationException($"'{file} {string.Join(' ', arguments)}' ended with {process.ExitCode}: {(errors.Result + output.Result).Trim().Split('\n')[^1]}");
    }

    // A mark that only rises: what is missed is what the last moment added.
    private static long PeakOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0; // It has ended.
        }
    }
}
