namespace PauseOnnx.Model.Chat;

/// <summary>A filter, test, method or function that templates may use.</summary>
/// <param name="Name">As templates write it.</param>
/// <param name="Parameters">Names of its parameters, in order.</param>
/// <param name="Required">How many of them, from the first, must be given.</param>
/// <param name="Apply">
/// Its value, from what it is applied to (null for a function) and one argument a parameter, <see cref="JinjaUndefined"/>
/// where none is given.
/// </param>
internal sealed record JinjaOperation(string Name, string[] Parameters, int Required, Func<JinjaContext, object?, object?[], object?> Apply);

/// <summary>Where an operation is applied.</summary>
/// <param name="Budget">What is left to the rendering.</param>
/// <param name="Clock">Tells the date.</param>
/// <param name="Position">Of the operation in the template.</param>
internal readonly record struct JinjaContext(JinjaBudget Budget, TimeProvider Clock, int Position)
{
    /// <summary>An error at the operation.</summary>
    public JinjaException Error(string message) => new(message, Position);
}
