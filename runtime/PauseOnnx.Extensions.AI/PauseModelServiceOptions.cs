using PauseOnnx.Runtime;

namespace PauseOnnx.Extensions.AI;

/// <summary>Which model a host's services use.</summary>
public sealed class PauseModelServiceOptions
{
    /// <summary>A folder written by <c>pauseonnx export</c>; required.</summary>
    public string Folder { get; set; } = "";

    /// <summary>How to load it.</summary>
    /// <value>The defaults; logs go to the host's logger factory where none is set.</value>
    public PauseModelOptions Model { get; set; } = new();
}
