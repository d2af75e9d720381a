using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>Makes a graph simpler without changing what it computes. Idempotent: run again, it changes nothing.</summary>
internal interface IPass
{
    /// <summary>Name, for reports and errors.</summary>
    string Name { get; }

    /// <summary>Changes the graph in place; returns whether it changed anything.</summary>
    bool Run(Graph graph);
}

/// <summary>Runs passes in their order, with the verifier before the first and after each.</summary>
internal static class PassPipeline
{
    /// <summary>Runs passes over a graph.</summary>
    /// <exception cref="ExportException">The graph is faulty before the first pass, or a pass left it so.</exception>
    public static IReadOnlyList<PassReport> Run(Graph graph, IReadOnlyList<IPass> passes)
    {
        Verify(graph, "lowering");
        var reports = new List<PassReport>();
        foreach (var pass in passes)
        {
            var before = graph.Nodes.Count;
            pass.Run(graph);
            Verify(graph, pass.Name);
            reports.Add(new PassReport(pass.Name, before, graph.Nodes.Count));
        }

        return reports;
    }

    private static void Verify(Graph graph, string stage)
    {
        var faults = Verifier.FindFaults(graph);
        if (faults.Count > 0)
        {
            throw new ExportException(stage, $"the graph is faulty after it: {string.Join("; ", faults)}.");
        }
    }
}
