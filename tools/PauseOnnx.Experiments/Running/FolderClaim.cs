using System.Text.Json;
using System.Text.Json.Nodes;
using PauseOnnx.Model;

namespace PauseOnnx.Experiments;

/// <summary>A folder belongs to one experiment for good: results of two would be told apart by nobody.</summary>
internal static class FolderClaim
{
    private const string DescriptionKey = "description";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes the experiment into a new folder, or compares it with the one that is there; in words it may differ.</summary>
    /// <exception cref="ArgumentException">It is another one.</exception>
    /// <exception cref="IOException">The folder holds something else, or cannot be written.</exception>
    public static void Claim(Experiment experiment, ExperimentFolder folder)
    {
        // As a file holds it: numbers made here would compare unequal to numbers read.
        var json = JsonNode.Parse(ExperimentJson.Of(experiment).ToJsonString())!.AsObject();
        void Write() => AtomicFile.Write(folder.ExperimentFile, temporary => File.WriteAllText(temporary, json.ToJsonString(Indented) + "\n"));
        if (!File.Exists(folder.ExperimentFile))
        {
            if (Directory.Exists(folder.Root) && Directory.EnumerateFileSystemEntries(folder.Root).Any(e => Path.GetFileName(e) is var name && name[0] != '.'))
            {
                throw new IOException($"'{folder.Root}' holds files but no {Path.GetFileName(folder.ExperimentFile)}, so it is no experiment's; choose another folder.");
            }

            Write();
            return;
        }

        var there = JsonObject.Create(JsonFields.ParseObject(folder.ExperimentFile))!;
        var isDescribedAlike = JsonNode.DeepEquals(there[DescriptionKey], json[DescriptionKey]);
        there[DescriptionKey] = json[DescriptionKey]?.DeepClone();
        if (JsonDifference.Find(there, json) is { } difference)
        {
            throw new ArgumentException(
                $"'{folder.Root}' holds results of another experiment: '{difference.Path}' is {difference.Left} there and {difference.Right} now; expected the same, or another --out for this one.");
        }

        if (!isDescribedAlike)
        {
            Write();
        }
    }
}
