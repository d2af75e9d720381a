using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

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
