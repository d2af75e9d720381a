using PauseOnnx.Exporter.Passes;

namespace PauseOnnx.Benchmarks;

/// <summary>Another list of passes than an export's.</summary>
/// <param name="Name">What is left out.</param>
/// <param name="Apply">Makes the list of the export's.</param>
internal sealed record PassChange(string Name, Func<IPass, IEnumerable<IPass>> Apply)
{
    /// <summary>Every pass but one.</summary>
    public static PassChange Without<TPass>()
        where TPass : IPass => new(typeof(TPass).Name, pass => pass is TPass ? [] : [pass]);

    /// <summary>A pass before another.</summary>
    /// <param name="name">What it makes the other one leave out.</param>
    /// <param name="added">The pass.</param>
    public static PassChange Before<TPass>(string name, IPass added)
        where TPass : IPass => new(name, pass => pass is TPass ? [added, pass] : [pass]);
}
