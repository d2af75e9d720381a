namespace PauseOnnx.Trainer;

/// <summary>What training adds to a forward pass.</summary>
public sealed record ForwardOptions
{
    /// <summary>Drops activations at random.</summary>
    /// <value>null for none.</value>
    public Dropout? Dropout { get; init; }

    /// <summary>
    /// Activation checkpointing: only the input of each layer is kept for backward, which runs the layer again. Takes about
    /// half the memory for activations and 1.4 times as long; the result is the same.
    /// </summary>
    public bool Recompute { get; init; }

    /// <summary>
    /// Called during backward with the number of a layer, from 0, as soon as the gradients of its matrices are finished; the
    /// layers come in falling order.
    /// </summary>
    public Action<int>? LayerFinished { get; init; }

    /// <summary>What the callbacks of backward leave to their caller.</summary>
    internal BackwardCalls Calls { get; } = new();
}
