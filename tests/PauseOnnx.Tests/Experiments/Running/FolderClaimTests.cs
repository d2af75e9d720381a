using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Experiments;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Experiments;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FolderClaimTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private ExperimentFolder Results => new(_folder["results"]);

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Claim_SameExperiment_LeavesItsFile()
    {
        Claim();
        var before = File.GetLastWriteTimeUtc(Results.ExperimentFile);
        Claim();
        Assert.That(File.GetLastWriteTimeUtc(Results.ExperimentFile), Is.EqualTo(before));
    }

    [Test]
    public void Claim_OtherSeeds_NamesThemAndTheWayOut()
    {
        Claim();
        Assert.That(
            () => Claim(json => json["seeds"] = new JsonArray(7)),
            Throws.ArgumentException.With.Message.Contains("'seeds[0]' is 0 there and 7 now").And.Message.Contains("another --out"));
    }

    [Test]
    public void Claim_OtherWords_GoesOnAndTakesThem()
    {
        Claim();
        Claim(json => json["description"] = "Said better.");
        Assert.That(ExperimentFile.Read(Results.ExperimentFile, _folder.Root).Description, Is.EqualTo("Said better."));
    }

    [Test]
    public void Claim_FolderOfSomethingElse_IsLeftAlone()
    {
        Directory.CreateDirectory(Results.Root);
        File.WriteAllText(Path.Combine(Results.Root, "thesis.tex"), "mine");
        Assert.That(() => Claim(), Throws.TypeOf<IOException>().With.Message.Contains("choose another folder"));
        Assert.That(Directory.GetFiles(Results.Root), Has.Length.EqualTo(1));
    }

    private void Claim(Action<JsonObject>? change = null) => FolderClaim.Claim(SmallExperiments.Read(_folder.Root, change), Results);
}
