using System.Globalization;
using System.Runtime.InteropServices;

namespace PauseOnnx.Exporter.Ir;

/// <summary>
/// Nodes in topological order with their inputs, outputs and initializers. Knows nothing of the file format. Passes change
/// it in place; <see cref="Verifier"/> says whether it is still one.
/// </summary>
internal sealed class Graph(string name)
{
    /// <summary>Largest constant, in elements, that is shared and named by its content.</summary>
    private const int SmallConstant = 8;

    private readonly Dictionary<string, Initializer> _initializers = [];

    /// <summary>Name of the model or function.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// Versions of the operator sets in use, by domain; ONNX's own domain is empty. A function's body is written in those of
    /// the graph that carries it.
    /// </summary>
    public SortedDictionary<string, int> Opsets { get; } = new(StringComparer.Ordinal);

    /// <summary>What the host gives. An input with an initializer of the same name may be left out.</summary>
    public List<Value> Inputs { get; } = [];

    /// <summary>What the host gets.</summary>
    public List<Value> Outputs { get; } = [];

    /// <summary>Operators, each after those whose results it uses.</summary>
    public List<Node> Nodes { get; } = [];

    /// <summary>Operators of our own domain, each as a graph of other operators.</summary>
    public List<Function> Functions { get; } = [];

    /// <summary>Values the file carries, in the order they were added.</summary>
    public IReadOnlyCollection<Initializer> Initializers => _initializers.Values;

    /// <summary>Adds a value the file carries.</summary>
    /// <exception cref="ArgumentException">The name is taken by another initializer.</exception>
    public Value Add(Initializer initializer)
    {
        _initializers.Add(initializer.Value.Name, initializer);
        return initializer.Value;
    }

    /// <summary>A constant by its content; equal small constants are one initializer.</summary>
    public Value Constant<T>(DType type, Shape shape, params ReadOnlySpan<T> values) where T : unmanaged
    {
        var name = ConstantName(type, shape, values);
        return Find(name)?.Value ?? Add(new Initializer(new Value(name, type, shape), ConstantData.Of(values)));
    }

    /// <summary>Whether an initializer is named by its content, as <see cref="Constant"/> does.</summary>
    public static bool IsNamedByContent(Value value) =>
        value.Name.StartsWith(Prefix(value.Type), StringComparison.Ordinal) && (value.Name[^1] is ')' or ']');

    /// <summary>The initializer of a name; null when there is none.</summary>
    public Initializer? Find(string name) => _initializers.GetValueOrDefault(name);

    /// <summary>The values of a constant that no host can override; null for anything else.</summary>
    public ConstantData? FindConstant(Value value) => Inputs.Contains(value) ? null : Find(value.Name)?.Data as ConstantData;

    /// <summary>Removes an initializer.</summary>
    public void Remove(Initializer initializer) => _initializers.Remove(initializer.Value.Name);

    private static string Prefix(DType type) => type.ToString().ToLowerInvariant();

    private static string ConstantName<T>(DType type, Shape shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        var prefix = Prefix(type);
        if (values.Length > SmallConstant || shape.Count > 1)
        {
            return $"{prefix}_{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(MemoryMarshal.AsBytes(values)))[..12]}{shape}";
        }

        var text = string.Join(',', values.ToArray().Select(v => string.Create(CultureInfo.InvariantCulture, $"{v}")));
        return shape.Count == 0 ? $"{prefix}({text})" : $"{prefix}[{text}]";
    }
}

/// <summary>
/// An operator of our own domain as a graph of other operators, which travels in the model file; a host with a native
/// kernel of that name uses the kernel instead.
/// </summary>
/// <param name="Domain">Domain of the operator.</param>
/// <param name="Version">Version of the domain.</param>
/// <param name="Body">What it computes; the operator has the graph's name, inputs and outputs.</param>
/// <param name="Attributes">Integer attributes of a call, which the body reads by <see cref="ReferenceAttribute"/>.</param>
internal sealed record Function(string Domain, int Version, Graph Body, IReadOnlyList<string> Attributes)
{
    /// <summary>The operator.</summary>
    public string Name => Body.Name;
}
