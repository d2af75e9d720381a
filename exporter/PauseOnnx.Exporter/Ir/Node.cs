using System.Globalization;

namespace PauseOnnx.Exporter.Ir;

/// <summary>A tensor that flows through a graph. Its name is defined once: as an input, an initializer or a node's output.</summary>
internal sealed record Value(string Name, DType Type, Shape Shape)
{
    /// <summary>Stands for an optional input or output that a node does without.</summary>
    public static Value None { get; } = new("", DType.Undefined, []);

    public override string ToString() => Type == DType.Undefined ? Name : $"{Name}: {Type.ToString().ToLowerInvariant()}{Shape}";
}

/// <summary>A constant parameter of a node.</summary>
internal abstract record Attribute;

/// <summary>An integer.</summary>
internal sealed record IntAttribute(long Value) : Attribute
{
    public override string ToString() => $"{Value}";
}

/// <summary>A list of integers.</summary>
internal sealed record IntsAttribute(params long[] Values) : Attribute
{
    public bool Equals(IntsAttribute? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values);

    public override int GetHashCode() => Values.Aggregate(Values.Length, HashCode.Combine);

    public override string ToString() => $"[{string.Join(", ", Values)}]";
}

/// <summary>A float.</summary>
internal sealed record FloatAttribute(float Value) : Attribute
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A text.</summary>
internal sealed record StringAttribute(string Value) : Attribute
{
    public override string ToString() => $"'{Value}'";
}

/// <summary>An element type, as ONNX's Cast takes it.</summary>
internal sealed record TypeAttribute(DType Value) : Attribute
{
    public override string ToString() => Value.ToString().ToLowerInvariant();
}

/// <summary>Inside a function: the value of an integer attribute of the function's call.</summary>
internal sealed record ReferenceAttribute(string Name) : Attribute
{
    public override string ToString() => $"@{Name}";
}

/// <summary>A parameter that no lowering uses, such as a graph, as a file that was read has it. It cannot be written.</summary>
/// <param name="Text">Its kind, and a hash by which two can be told apart.</param>
internal sealed record OtherAttribute(string Text) : Attribute
{
    public override string ToString() => Text;
}

/// <summary>One operator applied to values.</summary>
internal sealed record Node
{
    /// <summary>Operator, in the words of the ONNX specification.</summary>
    public required string OpType { get; init; }

    /// <summary>Domain of the operator; empty for ONNX's own.</summary>
    public string Domain { get; init; } = "";

    /// <summary>Arguments; <see cref="Value.None"/> where an optional one is left out.</summary>
    public required IReadOnlyList<Value> Inputs { get; init; }

    /// <summary>Results.</summary>
    public required IReadOnlyList<Value> Outputs { get; init; }

    /// <summary>Constant parameters by name, in order.</summary>
    public IReadOnlyDictionary<string, Attribute> Attributes { get; init; } = new SortedDictionary<string, Attribute>(StringComparer.Ordinal);

    /// <summary>An integer attribute; null where it is not given.</summary>
    public long? Int(string attribute) => Attributes.GetValueOrDefault(attribute) is IntAttribute i ? i.Value : null;

    /// <summary>Domain and operator, as in <c>ai.pauseonnx.AppendPause</c>.</summary>
    public string QualifiedName => Domain.Length == 0 ? OpType : $"{Domain}.{OpType}";
}
