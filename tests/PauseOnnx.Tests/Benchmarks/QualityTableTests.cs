using NUnit.Framework;
using PauseOnnx.Benchmarks;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks;

public class QualityTableTests
{
    [Test]
    public void Measure_MissingCheckpoint_IsNamedWithTheCommandThatMakesIt()
    {
        using var folder = new TemporaryFolder();
        var source = new QualitySource("luhn", folder["none"], folder["data"], "dotnet cake --target=Export");
        var lines = QualityTable.Measure([source], folder["out"], CancellationToken.None).ToArray();
        Assert.That(lines, Has.Length.EqualTo(4), "no row of figures");
        Assert.That(lines[^1], Is.EqualTo($"**luhn is left out**: '{folder["none"]}' is missing; make it with `dotnet cake --target=Export`."));
    }
}
