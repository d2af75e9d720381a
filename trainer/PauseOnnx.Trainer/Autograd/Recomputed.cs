using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

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
