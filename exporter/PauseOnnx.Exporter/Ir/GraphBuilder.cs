namespace PauseOnnx.Exporter.Ir;

/// <summary>
/// Emits operators into a graph, with the type and shape of every result inferred on the spot. Names are the current scope
/// and the operator, numbered: <c>layers.0/attention/MatMul_2</c>. The operators that only decoders need are in
/// GraphBuilder.Decoder.cs.
/// </summary>
/// <remarks>See <see href="https://onnx.ai/onnx/operators/">ONNX's operators</see>.</remarks>
internal sealed partial class GraphBuilder
{
    /// <summary>ONNX's end of an axis for Slice.</summary>
    private const long End = long.MaxValue;

    private readonly Dictionary<string, int> _named = [];
    private readonly Stack<string> _scopes = [];

    private readonly List<Node> _nodes;

    /// <summary>Begins a graph.</summary>
    public GraphBuilder(string name)
    {
        Graph = new Graph(name);
        Graph.Opsets[""] = Operators.NewestOpset;
        _nodes = Graph.Nodes;
    }

    /// <summary>Emits nodes for a graph into a list of the caller's; initializers and functions go into the graph.</summary>
    public GraphBuilder(Graph graph, List<Node> nodes) => (Graph, _nodes) = (graph, nodes);

    /// <summary>The graph that is being built or changed.</summary>
    public Graph Graph { get; }

    /// <summary>Prefixes the names emitted until the result is disposed.</summary>
    public IDisposable Scope(string name)
    {
        _scopes.Push(_scopes.TryPeek(out var outer) ? $"{outer}/{name}" : name);
        return new ScopeEnd(_scopes);
    }

    public Value Input(string name, DType type, Shape shape)
    {
        Graph.Inputs.Add(new Value(name, type, shape));
        return Graph.Inputs[^1];
    }

    public void Output(Value value) => Graph.Outputs.Add(value);

    public Value Initializer(string name, DType type, Shape shape, TensorData data) =>
        Graph.Find(name)?.Value ?? Graph.Add(new Initializer(new Value(name, type, shape), data));

    public Value Scalar(long value) => Graph.Constant(DType.Int64, [], value);

    public Value Scalar(float value) => Graph.Constant(DType.Float32, [], value);

    /// <summary>A float of type float32 or float16.</summary>
    public Value Scalar(float value, DType type) => type == DType.Float16 ? Graph.Constant(type, [], (Half)value) : Scalar(value);

    public Value Vector(params ReadOnlySpan<long> values) => Graph.Constant(DType.Int64, [values.Length], values);

    public Value Add(Value a, Value b) => Elementwise("Add", a, b);

    public Value Sub(Value a, Value b) => Elementwise("Sub", a, b);

    public Value Mul(Value a, Value b) => Elementwise("Mul", a, b);

    public Value Div(Value a, Value b) => Elementwise("Div", a, b);

    public Value Pow(Value a, Value b) => Elementwise("Pow", a, b);

    public Value Max(Value a, Value b) => Elementwise("Max", a, b);

    public Value And(Value a, Value b) => Elementwise("And", a, b);

    public Value Equal(Value a, Value b) => Elementwise("Equal", a, b, DType.Bool);

    public Value LessOrEqual(Value a, Value b) => Elementwise("LessOrEqual", a, b, DType.Bool);

    public Value Neg(Value x) => Unary("Neg", x);

    public Value Abs(Value x) => Unary("Abs", x);

    public Value Sqrt(Value x) => Unary("Sqrt", x);

    public Value Sigmoid(Value x) => Unary("Sigmoid", x);

    public Value Tanh(Value x) => Unary("Tanh", x);

    public Value Erf(Value x) => Unary("Erf", x);

    public Value Cast(Value x, DType type, string? name = null) => Emit("Cast", [x], type, x.Shape, [("to", new TypeAttribute(type))], name);

    public Value Where(Value condition, Value whenTrue, Value whenFalse)
    {
        var shape = Shape.Broadcast(condition.Shape, Shape.Broadcast(whenTrue.Shape, whenFalse.Shape));
        return Emit("Where", [condition, whenTrue, whenFalse], whenTrue.Type, shape);
    }

    public Value Softmax(Value x) => Emit("Softmax", [x], x.Type, x.Shape, [("axis", new IntAttribute(-1))]);

    /// <summary>Mean over the last axis, which stays as 1; to opset 17.</summary>
    public Value Mean(Value x)
    {
        var shape = x.Shape.With(x.Shape.Count - 1, 1);
        return Emit("ReduceMean", [x], x.Type, shape, [("axes", new IntsAttribute(-1)), ("keepdims", new IntAttribute(1))]);
    }

    /// <summary>The largest value of the last axis, which stays as 1 (opset 18).</summary>
    public Value MaxOfLastAxis(Value x) => Emit("ReduceMax", [x, Vector(-1)], x.Type, x.Shape.With(x.Shape.Count - 1, 1));

    /// <summary>The same as to opset 17, where its axes are an attribute.</summary>
    public Value MaxOfLastAxisByAttribute(Value x) => Emit("ReduceMax", [x], x.Type, x.Shape.With(x.Shape.Count - 1, 1), [("axes", new IntsAttribute(-1))]);

    /// <summary>Running sum along an axis.</summary>
    public Value CumSum(Value x, int axis) => Emit("CumSum", [x, Scalar(axis)], x.Type, x.Shape);

    /// <summary>[..., M, N] x [..., N, O] or [N, O] -> [..., M, O].</summary>
    public Value MatMul(Value a, Value b)
    {
        Require(a.Shape[^1] == b.Shape[^2], $"MatMul of {a} and {b}: {a.Shape[^1]} columns meet {b.Shape[^2]} rows");
        Shape batch = Shape.Broadcast([.. a.Shape.SkipLast(2)], [.. b.Shape.SkipLast(2)]);
        return Emit("MatMul", [a, b], a.Type, [.. batch, a.Shape[^2], b.Shape[^1]]);
    }

    /// <summary>[M, N] x [O, N] transposed -> [M, O].</summary>
    public Value MatMulTransposed(Value a, Value b)
    {
        Require(a.Shape.Count == 2 && b.Shape.Count == 2 && a.Shape[1] == b.Shape[1], $"Gemm of {a} and {b} transposed: expected [M, N] and [O, N]");
        return Emit("Gemm", [a, b], a.Type, [a.Shape[0], b.Shape[0]], [("transB", new IntAttribute(1))]);
    }

    /// <summary>The length of one dimension, as int64 [1].</summary>
    public Value DimOf(Value x, int axis) =>
        Emit("Shape", [x], DType.Int64, [1], [("start", new IntAttribute(axis)), ("end", new IntAttribute(axis + 1))]);

    /// <summary>Rows of a table: [N, ...] by int64 indices [...] -> [indices..., ...].</summary>
    public Value Gather(Value table, Value indices) =>
        Emit("Gather", [table, indices], table.Type, [.. indices.Shape, .. table.Shape.Skip(1)], [("axis", new IntAttribute(0))]);

    /// <summary>The numbers from <paramref name="start"/> to before <paramref name="end"/>, both int64 [1].</summary>
    /// <param name="length">How many that are.</param>
    public Value Range(Value start, Value end, Dim length) =>
        Emit("Range", [Squeeze(start, 0), Squeeze(end, 0), Scalar(1)], DType.Int64, [length]);

    /// <summary>Values one behind the other along an axis.</summary>
    /// <param name="length">Length of the result along the axis; null where it is the sum of known lengths.</param>
    public Value Concat(int axis, Value[] parts, Dim? length = null, string? name = null)
    {
        var fits = parts.All(p => p.Shape.With(axis, 0).Equals(parts[0].Shape.With(axis, 0)));
        Require(fits, $"Concat of {string.Join(" and ", parts.Select(p => p.ToString()))} along axis {axis}");
        var isKnown = parts.All(p => p.Shape[axis].Length is not null);
        Require(isKnown || length is not null, "Concat of symbolic dimensions: expected the length of the result");
        var shape = parts[0].Shape.With(axis, length ?? parts.Sum(p => p.Shape[axis].Length!.Value));
        return Emit("Concat", parts, parts[0].Type, shape, [("axis", new IntAttribute(axis))], name: name);
    }

    /// <summary>Parts of known lengths along an axis.</summary>
    public Value[] Split(Value x, int axis, params long[] lengths)
    {
        Require(x.Shape[axis] == lengths.Sum(), $"Split of {x} into {string.Join(" + ", lengths)} along axis {axis}");
        Value[] outputs = [.. lengths.Select(n => new Value(NextName("Split"), x.Type, x.Shape.With(axis, n)))];
        SplitInto(outputs, x, axis);
        return outputs;
    }

    /// <summary>Parts along an axis that are known already by name and shape.</summary>
    public void SplitInto(Value[] outputs, Value x, int axis) =>
        Add("Split", "", [x, Vector([.. outputs.Select(o => o.Shape[axis].Length!.Value)])], outputs, [("axis", new IntAttribute(axis))]);

    /// <summary>From <paramref name="start"/> (int64 [1], negative counts from the end) to the end of an axis.</summary>
    /// <param name="length">Length of the result along the axis.</param>
    public Value SliceFrom(Value x, int axis, Value start, Dim length, string? name = null) =>
        Emit("Slice", [x, start, Vector(End), Vector(axis)], x.Type, x.Shape.With(axis, length), name: name);

    /// <summary>From the start of an axis to before <paramref name="end"/> (int64 [1]).</summary>
    /// <param name="length">Length of the result along the axis.</param>
    public Value SliceTo(Value x, int axis, Value end, Dim length) =>
        Emit("Slice", [x, Vector(0), end, Vector(axis)], x.Type, x.Shape.With(axis, length));

    public Value Unsqueeze(Value x, params long[] axes)
    {
        var dims = x.Shape.ToList();
        foreach (var axis in axes.Order())
        {
            dims.Insert((int)axis, 1);
        }

        return Emit("Unsqueeze", [x, Vector(axes)], x.Type, [.. dims]);
    }

    public Value Squeeze(Value x, int axis)
    {
        Require(x.Shape[axis] == 1, $"Squeeze of {x} at axis {axis}: expected length 1");
        return Emit("Squeeze", [x, Vector(axis)], x.Type, [.. x.Shape.Where((_, i) => i != axis)]);
    }

    public Value Transpose(Value x, params long[] permutation) =>
        Emit("Transpose", [x], x.Type, [.. permutation.Select(p => x.Shape[(int)p])], [("perm", new IntsAttribute(permutation))]);

    /// <summary>A vector repeated.</summary>
    public Value Tile(Value x, long count, Dim length) => Emit("Tile", [x, Vector(count)], x.Type, [length]);

    /// <summary>A single value repeated to a shape.</summary>
    /// <param name="dims">The shape, int64 [rank].</param>
    /// <param name="shape">The same as known here.</param>
    public Value Expand(Value x, Value dims, Shape shape) => Emit("Expand", [x, dims], x.Type, shape);

    /// <summary>
    /// The same elements in another shape. A symbolic dimension must stay on its axis; one other may be inferred from the
    /// number of elements.
    /// </summary>
    public Value Reshape(Value x, Shape shape)
    {
        long[] dims = [.. shape.Select((d, i) => d.Length ?? (i < x.Shape.Count && x.Shape[i] == d ? 0 : -1))];
        Require(dims.Count(d => d == -1) <= 1, $"Reshape of {x} to {shape}: expected at most one symbolic dimension that moves");
        return Reshape(x, Vector(dims), shape);
    }

    /// <summary>The same elements in a shape that is computed when the model runs.</summary>
    public Value Reshape(Value x, Value dims, Shape shape, string? name = null) => Emit("Reshape", [x, dims], x.Type, shape, name: name);

    /// <summary>The value of an integer attribute of the function that is being built, as int64 [].</summary>
    public Value AttributeOfFunction(string name) =>
        Emit("Constant", [], DType.Int64, [], [("value_int", new ReferenceAttribute(name))]);

    /// <summary>Calls a function, which travels with the graph.</summary>
    /// <param name="results">Type and shape of each result.</param>
    public Value[] Call(Function function, Value[] inputs, (DType Type, Shape Shape)[] results, (string, Attribute)[] attributes)
    {
        var fits = inputs.Length == function.Body.Inputs.Count && results.Length == function.Body.Outputs.Count;
        Require(fits, $"Call of {function.Name} with {inputs.Length} inputs and {results.Length} outputs");
        if (!Graph.Functions.Contains(function))
        {
            Graph.Functions.Add(function);
            Graph.Opsets[function.Domain] = function.Version;
        }

        var names = function.Body.Outputs.Select(o => NextName($"{function.Name}/{o.Name}"));
        Value[] outputs = [.. results.Zip(names, (r, name) => new Value(name, r.Type, r.Shape))];
        Add(function.Name, function.Domain, inputs, outputs, attributes);
        return outputs;
    }

    /// <summary>Emits a node that is made already.</summary>
    public void Add(Node node) => _nodes.Add(node);

    private Value Unary(string op, Value x) => Emit(op, [x], x.Type, x.Shape);

    private Value Elementwise(string op, Value a, Value b, DType? type = null)
    {
        Require(a.Type == b.Type, $"{op} of {a} and {b}: expected one type");
        return Emit(op, [a, b], type ?? a.Type, Shape.Broadcast(a.Shape, b.Shape));
    }

    private Value Emit(
        string op, Value[] inputs, DType type, Shape shape, (string, Attribute)[]? attributes = null, string? name = null, string domain = "")
    {
        var output = new Value(name ?? NextName(op), type, shape);
        Add(op, domain, inputs, [output], attributes ?? []);
        return output;
    }

    private void Add(string op, string domain, Value[] inputs, Value[] outputs, (string Name, Attribute Value)[] attributes) => _nodes.Add(new Node
    {
        OpType = op,
        Domain = domain,
        Inputs = inputs,
        Outputs = outputs,
        Attributes = new SortedDictionary<string, Attribute>(attributes.ToDictionary(a => a.Name, a => a.Value), StringComparer.Ordinal),
    });

    private string NextName(string op)
    {
        var name = _scopes.TryPeek(out var scope) ? $"{scope}/{op}" : op;
        var count = _named[name] = _named.GetValueOrDefault(name) + 1;
        return count == 1 ? name : $"{name}_{count}";
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new ArgumentException($"{fault}.");
        }
    }

    private sealed class ScopeEnd(Stack<string> scopes) : IDisposable
    {
        public void Dispose() => scopes.Pop();
    }
}
