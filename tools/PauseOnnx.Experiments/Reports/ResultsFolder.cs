using PauseOnnx.Model;

namespace PauseOnnx.Experiments.Reports;

/// <summary>What an experiment has left in its folder so far.</summary>
internal sealed record ResultsFolder
{
    /// <summary>Name of the experiment.</summary>
    public required string Name { get; init; }

    /// <summary>What <c>experiment.json</c> says the experiment is for; null where it says nothing.</summary>
    public string? Description { get; init; }

    /// <summary>The finished cells, in the order of the experiment's variants, else of their names.</summary>
    public required IReadOnlyList<CellResult> Cells { get; init; }

    /// <summary>Results that the experiment has and that are not there yet; without its file, those of seeds that other models have.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Reads a folder.</summary>
    /// <exception cref="ModelFormatException">The experiment or a result cannot be read; the message lists every fault.</exception>
    /// <exception cref="IOException">There is no such folder, or no result in it.</exception>
    public static ResultsFolder Read(string folder)
    {
        var files = new ExperimentFolder(folder);
        string[] results = Directory.Exists(files.Results) ? [.. Directory.GetFiles(files.Results, "*.json").Order(StringComparer.Ordinal)] : [];
        if (results.Length == 0)
        {
            throw new IOException($"'{folder}' holds no results/*.json; expected the folder of an experiment, as 'pauseonnx experiment --out' fills it.");
        }

        // The recipe is in the file: no folder of recipes is asked for it.
        var experiment = File.Exists(files.ExperimentFile) ? ExperimentFile.Read(files.ExperimentFile, folder) : null;
        string[] variants = [.. experiment?.Variants.Select(v => v.Name) ?? []];
        CellResult[] cells = [.. ReadCells(results).OrderBy(c => Array.IndexOf(variants, c.Variant))];
        var missing = experiment is null
            ? MissingSeeds(cells)
            : ExperimentMatrix.Of(experiment).Cells.Select(c => c.Name).Except(cells.Select(c => c.Id)).Select(id => $"results/{id}.json");
        return new ResultsFolder
        {
            Name = experiment?.Name ?? cells[0].Experiment,
            Description = experiment?.Description,
            Cells = cells,
            Missing = [.. missing.Order(StringComparer.Ordinal)],
        };
    }

    private static List<CellResult> ReadCells(string[] files)
    {
        var cells = new List<CellResult>();
        var faults = new List<string>();
        foreach (var file in files)
        {
            try
            {
                cells.Add(CellResult.Read(file));
                faults.AddRange(Faults(cells[^1]).Select(fault => $"{fault} ({file})."));
            }
            catch (ModelFormatException e)
            {
                faults.Add(e.Message);
            }
        }

        return faults.Count == 0 ? cells : throw new ModelFormatException(string.Join(" ", faults) + " Delete such a file and run the experiment again: it makes only what is missing.");
    }

    private static IEnumerable<string> Faults(CellResult cell)
    {
        if (cell.Evaluation.Points.Count == 0)
        {
            yield return "'evaluation.points' is empty; expected a point for each pause count";
        }

        // They would end lines of tables, and no page may hold them.
        foreach (var (key, name) in new[] { ("variant", cell.Variant), ("task", cell.Task), ("m_ft", cell.MFt), ("id", cell.Id) })
        {
            if (name.Length == 0 || name.Any(char.IsControl))
            {
                yield return $"'{key}' is empty or holds a control character; expected a name";
            }
        }
    }

    private static IEnumerable<string> MissingSeeds(IReadOnlyList<CellResult> cells)
    {
        var seeds = cells.Select(c => c.Seed).Distinct().ToArray();
        return cells.GroupBy(c => (c.Variant, c.Task, c.MFt))
            .SelectMany(g => seeds.Except(g.Select(c => c.Seed)).Select(seed => Sibling(g.First(), seed)));
    }

    // The name ends in its seed, so that the name of another seed's cell is known.
    private static string Sibling(CellResult cell, int seed)
    {
        var ending = $"-s{cell.Seed}";
        return cell.Id.EndsWith(ending, StringComparison.Ordinal)
            ? $"results/{cell.Id[..^ending.Length]}-s{seed}.json"
            : $"seed {seed} of {cell.Variant}, M_ft {cell.MFt}, on {cell.Task}";
    }
}
