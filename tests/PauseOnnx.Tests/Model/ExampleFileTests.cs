using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class ExampleFileTests
{
    [Test]
    public void Read_OfWhatWasWritten_GivesTheSameExamples()
    {
        using var folder = new TemporaryFolder();
        Example[] examples = [new("12=", "..3", "3"), new("no work ", "", "x"), new("q\n\"\\\u2028é", "w\t", "😀")];
        ExampleFile.Write(folder["e.jsonl"], examples);
        Assert.Multiple(() =>
        {
            Assert.That(ExampleFile.Read(folder["e.jsonl"]), Is.EqualTo(examples));
            Assert.That(File.ReadAllLines(folder["e.jsonl"]), Has.Length.EqualTo(3));
        });
    }

    [Test]
    public void Read_OfBlankLines_SkipsThem()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["e.jsonl"], "\n{\"prefix\": \"a\", \"target\": \"b\"}\r\n  \n\n");
        Assert.That(ExampleFile.Read(folder["e.jsonl"]), Is.EqualTo(new[] { new Example("a", "", "b") }));
    }

    [Test]
    public void ReadTokens_EndsTargetsWithTheEndOfText_AndTakesTheFirst()
    {
        using var folder = new TemporaryFolder();
        TokenizerFiles.Write(folder.Root, ["a", "b", "c"], []);
        ExampleFile.Write(folder["e.jsonl"], [new Example("ab", "c", "b"), new Example("c", "", "a"), new Example("x", "", "y")]);

        var examples = ExampleFile.ReadTokens(folder["e.jsonl"], Tokenizer.Load(folder.Root), limit: 2);

        Assert.That(examples.Select(e => (e.Prefix, e.Work, e.Target)), Is.EqualTo(new[] { (new[] { 0, 1 }, new[] { 2 }, new[] { 1, 3 }), ([2], [], [0, 3]) }));
    }

    [TestCase("{\"prefix\": \"a\"", "Not valid JSON; expected an object with \"prefix\" and \"target\"")]
    [TestCase("[\"a\", \"b\"]", "Not a JSON object; expected \"prefix\" and \"target\"")]
    [TestCase("{\"prefix\": \"a\"}", "'target' is missing; expected a string")]
    [TestCase("{}", "'prefix' is missing; expected a string; 'target' is missing; expected a string")]
    [TestCase("{\"prefix\": 1, \"target\": \"b\"}", "'prefix' is 1; expected a string")]
    [TestCase("{\"prefix\": \"a\", \"target\": \"\"}", "'target' is empty; expected the answer")]
    [TestCase("{\"prefix\": \"a\", \"work\": [], \"target\": \"b\"}", "'work' is []; expected a string")]
    [TestCase("{\"prefix\": \"\\ud800\", \"target\": \"b\"}", "Not valid JSON; expected an object with \"prefix\" and \"target\"")]
    public void Read_OfABadLine_NamesItsNumber(string line, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder["e.jsonl"], ["{\"prefix\": \"a\", \"target\": \"b\"}", "", line]);
        Assert.That(() => ExampleFile.Read(folder["e.jsonl"]).ToList(), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"{expected} ({folder["e.jsonl"]}, line 3)."));
    }
}
