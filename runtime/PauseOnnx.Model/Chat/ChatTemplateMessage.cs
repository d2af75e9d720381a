namespace PauseOnnx.Model.Chat;

/// <summary>One message of a chat as a template is given it.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c>, or another that the template knows.</param>
/// <param name="Content">Its text.</param>
public sealed record ChatTemplateMessage(string Role, string Content);
