using System.Text.RegularExpressions;

namespace PauseOnnx.Exporter.Ir;

/// <summary>
/// The nodes in which two graphs differ, as lines. One node more renumbers those behind it, so nodes are matched by their
/// lines without the numbers of names, and values by the nodes they come from; a matched node whose arguments are not each
/// other's match differs too.
/// </summary>
internal static partial class GraphDiff
{
    /// <summary>
    /// Lines of the first graph behind <c>-</c>, of the second behind <c>+</c>; none for graphs that compute the same in the
    /// same order.
    /// </summary>
    /// <param name="first">A graph.</param>
    /// <param name="second">Another.</param>
    /// <param name="line">A node as text, <see cref="Printer.Line(Node)"/> or <see cref="Printer.UntypedLine"/>.</param>
    public static IEnumerable<string> Lines(Graph first, Graph second, Func<Node, string> line)
    {
        var aligned = Align(Keys(first, line), Keys(second, line));
        var names = MatchNames(first, second, aligned);
        var (i, j) = (0, 0);
        foreach (var (a, b) in aligned.Where(p => HaveSameInputs(first.Nodes[p.First], second.Nodes[p.Second], names)).Append((first.Nodes.Count, second.Nodes.Count)))
        {
            foreach (var text in first.Nodes[i..a].Select(n => $"- {line(n)}").Concat(second.Nodes[j..b].Select(n => $"+ {line(n)}")))
            {
                yield return text;
            }

            (i, j) = (a + 1, b + 1);
        }
    }

    private static bool HaveSameInputs(Node first, Node second, Dictionary<string, string> names) =>
        first.Inputs.Zip(second.Inputs).All(pair => names.GetValueOrDefault(pair.First.Name) == pair.Second.Name);

    // Names of the second graph by those of the first: ends by name, results of aligned nodes, and the rest in order.
    private static Dictionary<string, string> MatchNames(Graph first, Graph second, List<(int First, int Second)> aligned)
    {
        var names = new Dictionary<string, string> { [Value.None.Name] = Value.None.Name };
        foreach (var end in first.Inputs.Concat(first.Initializers.Select(i => i.Value)))
        {
            names[end.Name] = end.Name;
        }

        foreach (var (a, b) in aligned.SelectMany(p => first.Nodes[p.First].Outputs.Zip(second.Nodes[p.Second].Outputs)))
        {
            names[a.Name] = b.Name;
        }

        var rest = Results(second).Except(names.Values).GroupBy(Unnumbered).ToDictionary(g => g.Key, g => new Queue<string>(g));
        foreach (var name in Results(first).Where(name => !names.ContainsKey(name)))
        {
            if (rest.GetValueOrDefault(Unnumbered(name))?.TryDequeue(out var match) == true)
            {
                names[name] = match;
            }
        }

        return names;
    }

    private static IEnumerable<string> Results(Graph graph) => graph.Nodes.SelectMany(n => n.Outputs).Select(o => o.Name).Distinct();

    private static string Unnumbered(string name) => Number().Replace(name, "");

    // Equal keys are told apart by counting them.
    private static List<(string Line, int Count)> Keys(Graph graph, Func<Node, string> line)
    {
        var (results, counts) = (Results(graph).ToHashSet(), new Dictionary<string, int>());
        Value Rename(Value value) => results.Contains(value.Name) ? value with { Name = Unnumbered(value.Name) } : value;
        return [.. graph.Nodes.Select(n =>
        {
            var key = line(n with { Inputs = [.. n.Inputs.Select(Rename)], Outputs = [.. n.Outputs.Select(Rename)] });
            return (key, counts[key] = counts.GetValueOrDefault(key) + 1);
        })];
    }

    // The longest run of common keys that is in the same order on both sides: a longest increasing subsequence.
    private static List<(int First, int Second)> Align(List<(string Line, int Count)> first, List<(string Line, int Count)> second)
    {
        var places = second.Select((key, j) => (key, j)).ToDictionary(p => p.key, p => p.j);
        var common = first.Select((key, i) => (First: i, Second: places.GetValueOrDefault(key, -1))).Where(p => p.Second >= 0).ToList();
        var (ends, previous) = (new List<int>(), new int[common.Count]);
        for (var k = 0; k < common.Count; k++)
        {
            var shorter = CountBelow(common[k].Second, ends, common);
            previous[k] = shorter == 0 ? -1 : ends[shorter - 1];
            if (shorter == ends.Count)
            {
                ends.Add(k);
            }

            ends[shorter] = k;
        }

        var aligned = new List<(int, int)>();
        for (var k = ends.Count == 0 ? -1 : ends[^1]; k >= 0; k = previous[k])
        {
            aligned.Add(common[k]);
        }

        aligned.Reverse();
        return aligned;
    }

    // How many runs end before a place; longer runs end later.
    private static int CountBelow(int place, List<int> ends, List<(int First, int Second)> common)
    {
        var (low, high) = (0, ends.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = common[ends[middle]].Second < place ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    [GeneratedRegex(@"_\d+$")]
    private static partial Regex Number();
}
