using NUnit.Framework;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

/// <summary>Which of MKL's kernels are chosen for whom.</summary>
public class MklPathTests
{
    [TestCase(null, "GenuineIntel", true, "intel")]
    [TestCase(null, "AuthenticAMD", true, "patched")]
    [TestCase("", "AuthenticAMD", false, "stock", Description = "where memory is protected")]
    [TestCase(null, "HygonGenuine", true, "stock")]
    [TestCase(null, "", true, "stock", Description = "not x86")]
    [TestCase("stock", "AuthenticAMD", true, "stock")]
    [TestCase("patched", "GenuineIntel", true, "patched")]
    [TestCase("patched", "GenuineIntel", false, "stock")]
    public void Use_WishAndProcessor_Decide(string? wish, string vendor, bool patches, string expected) =>
        Assert.That(MklPath.Use(wish, vendor, () => patches), Is.EqualTo(expected));

    [Test]
    public void Use_OtherWord_IsRefused() =>
        Assert.That(() => MklPath.Use("fast", "AuthenticAMD", () => true), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("PAUSEONNX_MKL is 'fast'; expected stock or patched."));
}
