using Microsoft.Extensions.Logging;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>How a model is loaded.</summary>
public sealed record PauseModelOptions
{
    /// <summary>Which of the folder's graphs to load, by the numbers that it holds.</summary>
    /// <value>null: the float32 one, or where there is none the first that is there, in the order of <see cref="GraphPrecision"/>.</value>
    public GraphPrecision? Precision { get; init; }

    /// <summary>Threads that share the work of one call on the processor.</summary>
    /// <value>null: ONNX Runtime's default, one a physical core.</value>
    public int? IntraOpThreads { get; init; }

    /// <summary>What computes the graph.</summary>
    /// <value><see cref="ExecutionProvider.Auto"/>.</value>
    public ExecutionProvider ExecutionProvider { get; init; } = ExecutionProvider.Auto;

    /// <summary>
    /// A folder, created where it is missing, in which graphs are kept as ONNX Runtime has optimized them for the processor.
    /// Later loads on this machine need not do that again: int8 and int4 graphs load in half the time or less.
    /// </summary>
    /// <remarks>
    /// The first load of a graph takes longer, and what it leaves is as large as the graph and its weights. Several processes
    /// may share the folder; what is in it may be deleted while none loads. Changed files are optimized anew.
    /// </remarks>
    /// <value>null: nothing is kept.</value>
    public string? OptimizedGraphFolder { get; init; }

    /// <summary>Where the model says on what it runs, and why not on something faster.</summary>
    /// <value>null: nowhere.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">Options are out of range; all of them are listed.</exception>
    internal void ThrowIfInvalid()
    {
        var faults = new List<string>();
        if (Precision is { } precision && !Enum.IsDefined(precision))
        {
            faults.Add($"Precision is {precision}; expected one of {string.Join(", ", Enum.GetNames<GraphPrecision>())}, or null");
        }

        if (IntraOpThreads is < 1)
        {
            faults.Add($"IntraOpThreads is {IntraOpThreads}; expected at least 1, or null");
        }

        if (ExecutionProvider is null)
        {
            faults.Add("ExecutionProvider is null; expected one, such as ExecutionProvider.Auto");
        }

        faults.AddRange(ExecutionProvider?.FindFaults() ?? []);
        if (OptimizedGraphFolder is not null && (string.IsNullOrWhiteSpace(OptimizedGraphFolder) || File.Exists(OptimizedGraphFolder)))
        {
            faults.Add($"OptimizedGraphFolder is '{OptimizedGraphFolder}'; expected a folder, or null");
        }
        else if (OptimizedGraphFolder is not null && ExecutionProvider is not (null or AutoProvider or CpuProvider))
        {
            faults.Add($"OptimizedGraphFolder is '{OptimizedGraphFolder}', but only what the processor runs is kept there; expected null with execution provider '{ExecutionProvider.Name}'");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", faults) + ".");
        }
    }
}
