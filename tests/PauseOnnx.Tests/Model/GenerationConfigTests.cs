using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class GenerationConfigTests
{
    private static IEnumerable<GenerationConfig> Configs() =>
    [
        new(),
        new() { EosTokenIds = [3], PadTokenId = 3, MaxNewTokens = 8 },
        new() { EosTokenIds = [3, 4], DoSample = true, Temperature = 0.7, TopK = 40, TopP = 0.9 },
    ];

    [TestCaseSource(nameof(Configs))]
    public void Read_OfWhatWasWritten_GivesTheSame(GenerationConfig config)
    {
        using var folder = new TemporaryFolder();
        config.Write(folder["g.json"]);
        var read = GenerationConfig.Read(folder["g.json"]);
        Assert.Multiple(() =>
        {
            Assert.That(read.EosTokenIds, Is.EqualTo(config.EosTokenIds));
            Assert.That(read with { EosTokenIds = config.EosTokenIds }, Is.EqualTo(config));
        });
    }

    [Test]
    public void Read_WithoutAFile_GivesGreedyDecoding()
    {
        using var folder = new TemporaryFolder();
        var config = GenerationConfig.Read(folder["none.json"]);
        Assert.That((config.DoSample, config.Temperature, config.TopK, config.TopP, config.EosTokenIds.Count), Is.EqualTo((false, 1d, 0, 1d, 0)));
    }

    [TestCase("""{"eos_token_id": "x"}""", "'eos_token_id' is 'x'; expected an integer from 0 or a list of them")]
    [TestCase("""{"eos_token_id": [1, -2]}""", "'eos_token_id' is [1, -2]; expected an integer from 0 or a list of them")]
    [TestCase("""{"pad_token_id": -1}""", "'pad_token_id' is -1; expected an integer from 0")]
    [TestCase("""{"max_new_tokens": 0}""", "'max_new_tokens' is 0; expected an integer from 1")]
    [TestCase("""{"temperature": -0.5}""", "'temperature' is -0.5; expected a number from 0")]
    [TestCase("""{"top_p": 1.5, "top_k": 2.5}""", "'top_k' is 2.5; expected an integer from 0; 'top_p' is 1.5; expected a number from 0 to 1")]
    [TestCase("""{"do_sample": 1}""", "'do_sample' is 1; expected true or false")]
    [TestCase("7", "The root is 7; expected a JSON object")]
    public void Read_OfAFault_StatesValueAndExpectation(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["g.json"], content);
        Assert.That(() => GenerationConfig.Read(folder["g.json"]), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"{expected} ({folder["g.json"]})."));
    }
}
