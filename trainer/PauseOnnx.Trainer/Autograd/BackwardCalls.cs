using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

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
