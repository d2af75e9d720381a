using static TorchSharp.torch;

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
}

/// <summary>
/// Dropout on the embedded tokens and on what attention and feed-forward add to the hidden state. Which elements are dropped
/// depends on the seed, the step and the place alone, so that nothing has to be saved to repeat it.
/// </summary>
/// <param name="Probability">Fraction 0-1 of elements that become zero; the others are scaled up.</param>
/// <param name="Seed">Of the run.</param>
/// <param name="Pass">Number of the forward pass, unlike in each of a run.</param>
public sealed record Dropout(double Probability, int Seed, long Pass)
{
    private const int Places = 3;

    /// <summary>Drops elements.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="layer">Number of the layer.</param>
    /// <param name="place">Which of the layer's places, 0 to 2.</param>
    /// <returns>A tensor like <paramref name="x"/>.</returns>
    public Tensor Apply(Tensor x, int layer, int place)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(StepRandom.Mix(Seed, (Pass << 20) + (Places * layer) + place), x.device);
        var kept = empty_like(x).bernoulli_(1 - Probability, generator).div_(1 - Probability);
        return (x * kept).MoveToOuterDisposeScope();
    }
}

/// <summary>Does nothing to a tensor, but tells when backward comes by.</summary>
internal sealed class BackwardMark : autograd.SingleTensorFunction<BackwardMark>
{
    private const string Callback = "callback";

    /// <inheritdoc/>
    public override string Name => nameof(BackwardMark);

    /// <summary>Marks a place.</summary>
    public static Tensor apply(Tensor x, Action callback) => apply([x, callback]);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        ctx.save_data(Callback, inputs[1]);
        return ((Tensor)inputs[0]).alias();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        ((Action)ctx.get_data(Callback))();
        return [gradOutput, null!];
    }
}

/// <summary>A function of one tensor whose inner results are not kept: backward runs it again.</summary>
internal sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
{
    private const string Function = "function";

    /// <inheritdoc/>
    public override string Name => nameof(Recomputed);

    /// <summary>Runs a function now, and again in backward.</summary>
    public static Tensor apply(Tensor x, Func<Tensor, Tensor> function) => apply([x, function]);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        var (x, function) = ((Tensor)inputs[0], (Func<Tensor, Tensor>)inputs[1]);
        ctx.save_for_backward([x]);
        ctx.save_data(Function, function);
        using var gradients = no_grad();
        return function(x);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        using var scope = NewDisposeScope();
        var x = ctx.get_saved_variables()[0].detach();
        using (enable_grad())
        {
            x.requires_grad_(true);
            ((Func<Tensor, Tensor>)ctx.get_data(Function))(x).backward([gradOutput]);
        }

        return [x.grad!.MoveToOuterDisposeScope(), null!];
    }
}
