using NUnit.Framework;
using TorchSharp;

namespace PauseOnnx.Tests.Trainer;

/// <summary>One thread for libtorch: for models this small, waiting for a second one takes longer than the work.</summary>
[SetUpFixture]
public class TrainerSetUp
{
    [OneTimeSetUp]
    public void UseOneThread() => torch.set_num_threads(1);
}
