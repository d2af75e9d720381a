namespace PauseOnnx.Tasks;

/// <summary>The tasks that <c>pauseonnx task</c> knows.</summary>
public static class TaskList
{
    /// <summary>One line for each task.</summary>
    public static IReadOnlyList<ISyntheticTask> All { get; } =
    [
        new LuhnTask(),
        new ParityTask(),
    ];

    /// <summary>A task by its name.</summary>
    /// <exception cref="ArgumentException">There is no such task; the message lists those there are.</exception>
    public static ISyntheticTask Get(string name) => Find(name)
        ?? throw new ArgumentException($"Task '{name}' is unknown; expected one of {string.Join(", ", All.Select(t => t.Name))}.");

    /// <summary>A task by its name; null when there is no such task.</summary>
    public static ISyntheticTask? Find(string? name) => All.FirstOrDefault(t => t.Name == name);
}
