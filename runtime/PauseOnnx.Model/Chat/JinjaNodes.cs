namespace PauseOnnx.Model.Chat;

/// <summary>A part of a parsed template.</summary>
/// <param name="Position">Index in the template's text, for messages.</param>
internal abstract record JinjaNode(int Position);

/// <summary>Text as it is.</summary>
internal sealed record JinjaText(int Position, string Text) : JinjaNode(Position);

/// <summary><c>{{ value }}</c></summary>
internal sealed record JinjaOutput(int Position, JinjaNode Value) : JinjaNode(Position);

/// <summary><c>{% if %}</c>; the condition of <c>{% else %}</c> is null.</summary>
internal sealed record JinjaIf(int Position, List<(JinjaNode? Condition, List<JinjaNode> Body)> Branches) : JinjaNode(Position);

/// <summary><c>{% for targets in items if condition %}</c>; <c>{% else %}</c> is rendered where there is no item.</summary>
internal sealed record JinjaFor(int Position, List<string> Targets, JinjaNode Items, JinjaNode? Condition, List<JinjaNode> Body, List<JinjaNode> Else)
    : JinjaNode(Position);

/// <summary><c>{% set name = value %}</c>, or <c>{% set name.attribute = value %}</c> of a namespace.</summary>
internal sealed record JinjaSet(int Position, string Name, string? Attribute, JinjaNode Value) : JinjaNode(Position);

/// <summary><c>{% set name %}...{% endset %}</c></summary>
internal sealed record JinjaSetBlock(int Position, string Name, List<JinjaNode> Body) : JinjaNode(Position);

/// <summary>A string, number, boolean or none.</summary>
internal sealed record JinjaLiteral(int Position, object? Value) : JinjaNode(Position);

/// <summary>A variable.</summary>
internal sealed record JinjaName(int Position, string Name) : JinjaNode(Position);

/// <summary><c>[a, b]</c> or <c>(a, b)</c></summary>
internal sealed record JinjaList(int Position, List<JinjaNode> Items) : JinjaNode(Position);

/// <summary><c>{'a': b}</c>, <c>dict(a=b)</c> or, mutable by set, <c>namespace(a=b)</c>.</summary>
internal sealed record JinjaDictionary(int Position, List<(JinjaNode Key, JinjaNode Value)> Items, bool IsNamespace) : JinjaNode(Position);

/// <summary><c>target.name</c></summary>
internal sealed record JinjaAttribute(int Position, JinjaNode Target, string Name) : JinjaNode(Position);

/// <summary><c>target[key]</c></summary>
internal sealed record JinjaIndex(int Position, JinjaNode Target, JinjaNode Key) : JinjaNode(Position);

/// <summary><c>target[start:stop:step]</c></summary>
internal sealed record JinjaSlice(int Position, JinjaNode Target, JinjaNode? Start, JinjaNode? Stop, JinjaNode? Step) : JinjaNode(Position);

/// <summary><c>not</c>, <c>-</c> or <c>+</c> before a value.</summary>
internal sealed record JinjaUnary(int Position, string Operator, JinjaNode Value) : JinjaNode(Position);

/// <summary>Arithmetic, <c>~</c>, <c>and</c> and <c>or</c>.</summary>
internal sealed record JinjaBinary(int Position, string Operator, JinjaNode Left, JinjaNode Right) : JinjaNode(Position);

/// <summary>Comparisons, chained as in <c>a &lt; b &lt;= c</c>.</summary>
internal sealed record JinjaCompare(int Position, JinjaNode First, List<(string Operator, JinjaNode Value)> Rest) : JinjaNode(Position);

/// <summary><c>then if condition else otherwise</c></summary>
internal sealed record JinjaConditional(int Position, JinjaNode Condition, JinjaNode Then, JinjaNode? Otherwise) : JinjaNode(Position);

/// <summary>A filter, method or function; the target of a function is null.</summary>
internal sealed record JinjaCall(int Position, JinjaNode? Target, JinjaOperation Operation, JinjaNode?[] Arguments) : JinjaNode(Position);

/// <summary><c>value is test</c></summary>
internal sealed record JinjaTest(int Position, JinjaNode Value, JinjaOperation Operation, JinjaNode?[] Arguments, bool IsNegated) : JinjaNode(Position);
