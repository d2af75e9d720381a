using System.Runtime.ExceptionServices;
using TorchSharp;
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

    /// <summary>What the callbacks of backward leave to their caller.</summary>
    internal BackwardCalls Calls { get; } = new();
}

/// <summary>
/// What the callbacks of a backward pass leave to whoever started it. An exception must not leave a callback, as libtorch
/// would end the process; and on a GPU they run on libtorch's own thread, where no dispose scope takes their tensors.
/// </summary>
/// <remarks>Used by one backward pass at a time.</remarks>
internal sealed class BackwardCalls
{
    private readonly List<Tensor> _tensors = [];
    private ExceptionDispatchInfo? _fault;

    /// <summary>Runs a callback.</summary>
    /// <param name="gradient">What it got; also what stands for its result when it fails.</param>
    /// <param name="body">Makes the result, which must not belong to a dispose scope.</param>
    public Tensor Run(Tensor gradient, Func<Tensor> body)
    {
        _tensors.Add(gradient);
        try
        {
            var result = _fault is null ? body() : gradient;
            _tensors.Add(result);
            return result;
        }
        catch (Exception e)
        {
            _fault = ExceptionDispatchInfo.Capture(e);
            return gradient;
        }
    }

    /// <summary>Ends a backward pass.</summary>
    /// <exception cref="Exception">What went wrong in a callback.</exception>
    public void Finish()
    {
        foreach (var tensor in _tensors)
        {
            tensor.Dispose();
        }

        _tensors.Clear();
        _fault?.Throw();
    }
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
        var seed = StepRandom.Mix(Seed, (Pass << 20) + (Places * layer) + place);
        var kept = Draw(empty_like(x), seed).div_(1 - Probability);
        return (x * kept).MoveToOuterDisposeScope();
    }

    private Tensor Draw(Tensor kept, ulong seed)
    {
        if (kept.device_type == DeviceType.CUDA)
        {
            // TorchSharp makes generators of its own for the processor only.
            cuda.manual_seed((long)(seed & long.MaxValue));
            return kept.bernoulli_(1 - Probability);
        }

        using var generator = new Generator(seed);
        return kept.bernoulli_(1 - Probability, generator);
    }
}

/// <summary>Does nothing to a tensor, but tells when backward comes by.</summary>
internal sealed class BackwardMark : autograd.SingleTensorFunction<BackwardMark>
{
    private const string Callback = "callback";
    private const string Calls = "calls";

    /// <inheritdoc/>
    public override string Name => nameof(BackwardMark);

    /// <summary>Marks a place.</summary>
    public static Tensor apply(Tensor x, Action callback, BackwardCalls calls) => apply([x, callback, calls]);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        ctx.save_data(Callback, inputs[1]);
        ctx.save_data(Calls, inputs[2]);
        return ((Tensor)inputs[0]).alias();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput) =>
    [
        ((BackwardCalls)ctx.get_data(Calls)).Run(gradOutput, () =>
        {
            ((Action)ctx.get_data(Callback))();
            return gradOutput;
        }),
        null!,
        null!,
    ];
}

/// <summary>A function of one tensor whose inner results are not kept: backward runs it again.</summary>
internal sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
{
    private const string Function = "function";
    private const string Calls = "calls";

    /// <inheritdoc/>
    public override string Name => nameof(Recomputed);

    /// <summary>Runs a function now, and again in backward.</summary>
    public static Tensor apply(Tensor x, Func<Tensor, Tensor> function, BackwardCalls calls) => apply([x, function, calls]);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        var (x, function) = ((Tensor)inputs[0], (Func<Tensor, Tensor>)inputs[1]);
        ctx.save_for_backward([x]);
        ctx.save_data(Function, function);
        ctx.save_data(Calls, inputs[2]);
        using var gradients = no_grad();
        return function(x);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        var function = (Func<Tensor, Tensor>)ctx.get_data(Function);
        var gradient = ((BackwardCalls)ctx.get_data(Calls)).Run(gradOutput, () =>
        {
            using var scope = NewDisposeScope();
            var x = ctx.get_saved_variables()[0].detach();
            using (enable_grad())
            {
                x.requires_grad_(true);
                function(x).backward([gradOutput]);
            }

            return x.grad!.DetachFromDisposeScope();
        });
        return [gradient, null!, null!];
    }
}
