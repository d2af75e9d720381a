using NUnit.Framework;
using PauseOnnx.Model;

namespace PauseOnnx.Tests.Model;

/// <summary>Examples of Unicode Standard Annex 15; the tests of the tokenizers compare whole texts with another implementation.</summary>
public class NormalizationFormCTests
{
    [TestCase("", "")]
    [TestCase("plain ASCII", "plain ASCII")]
    [TestCase("\u0041\u030a", "\u00c5", Description = "composes")]
    [TestCase("\u212b", "\u00c5", Description = "Angstrom sign")]
    [TestCase("\u1e0b\u0323", "\u1e0d\u0307", Description = "dots above and below, in the order of their classes")]
    [TestCase("q\u0307\u0323", "q\u0323\u0307", Description = "ordered, although nothing composes")]
    [TestCase("\u0958", "\u0915\u093c", Description = "excluded from composition")]
    [TestCase("\u1112\u1161\u11ab \u1112\u1161", "\ud55c \ud558", Description = "Hangul")]
    [TestCase("\u0301a", "\u0301a", Description = "a mark without a letter")]
    [TestCase("q\u0344y", "q\u0308\u0301y", Description = "a mark that becomes two")]
    [TestCase("\U0001d15e", "\U0001d157\U0001d165", Description = "beyond U+FFFF")]
    [TestCase("\ufb01", "\ufb01", Description = "compatibility characters stay")]
    public void Normalize_OfAText_GivesItsFormC(string text, string expected)
    {
        var normalized = NormalizationFormC.Normalize(text);
        Assert.That(normalized, Is.EqualTo(expected));
        Assert.That(NormalizationFormC.Normalize(normalized), Is.EqualTo(expected), "and is idempotent");
    }
}
