using System.Runtime.Intrinsics.X86;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
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

    [Test]
    public void Pretrain_Patched_TrainsAsStockAndSaysSo()
    {
        if (!OperatingSystem.IsLinux() || !X86Base.X64.IsSupported)
        {
            Assert.Ignore("MKL is patched on 64-bit x86 Linux only.");
        }

        using var folder = new TemporaryFolder();
        var data = TinyModels.WriteExamples(folder["data"]);
        var losses = new[] { MklPath.Stock, MklPath.Patched }.Select(path =>
        {
            // A process each: the patch cannot be taken back.
            using var program = ProgramProcess.StartProcess("env", [
                $"{MklPath.Variable}={path}", "dotnet", Path.Combine(AppContext.BaseDirectory, "pauseonnx-train.dll"), "pretrain", "--recipe", "tiny",
                "--data", data, "--out", folder[path], "--steps", "4", "--precision", "fp32", "--device", "cpu", "--threads", "1"]);
            Assert.That(program.WaitForExit(), Is.Zero, program.Errors);
            Assert.That(File.ReadAllText(Path.Combine(folder[path], FileNames.TrainerState)), Does.Contain($"\"mkl\": \"{path}\""));
            return Checkpoint.FindState(folder[path])!.Loss;
        }).ToArray();
        Assert.That(losses[1], Is.EqualTo(losses[0]).Within(1e-4));
    }
}
