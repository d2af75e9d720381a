using System.Text;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>Texts in which tokenizers differ when they differ: many scripts, marks, white space, signs, and no text at all.</summary>
internal static class VariedTexts
{
    private static readonly string[] Words =
    [
        "the", "Hello", "world", "naïve", "café", "cafe\u0301", "straße", "Ελλάδα", "Москва", "שָׁלוֹם", "العَرَبِيَّة", "हिन्दी", "ประเทศ", "日本語", "中文", "한국어",
        "\u1112\u1161\u11ab", "ひらがな", "がぎ", "か\u3099", "ქართული", "አማርኛ", "Việt", "Vie\u0302\u0323t", "ﬁﬂ", "ǅ", "Å", "\u212b", "\u2126", "\u0344", "\u0958",
        "😀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "é\u0301\u0316\u0300", "a\u0315\u0300\u05ae\u0062", "𝔘𝔫𝔦", "𠀀𠀁", "𐐷", "🅰", "ⓐ",
        "'s", "'S", "'ſ", "'ſt", "don't", "I'LL", "we've", "o’clock", "''re", "x'T", "\u212a", "_", "a_b", "\u203f", "\u200d", "\u200c",
    ];

    private static readonly string[] Spaces = [" ", " ", " ", "  ", "   ", "        ", "\t", "\n", "\r\n", "\n\n", " \n ", "\u00a0", "\u3000", "\u2028", "\u0085", "\u000b", "\u180e", "\u200b"];

    private static readonly string[] Numbers = ["0", "7", "42", "1234567", "3.14", "1e-9", "٣٤٥", "²³", "½", "Ⅷ", "①", "0x1F", "२", "𝟘𝟙"];

    private static readonly string[] Signs =
    [
        ".", ",", "!?", "...", "…", "(", ")]}", "==", "=>", "/* x */", "for (int i = 0; i < n; i++) {", "\tdef f(self):\n\t\treturn None", "#!/bin/sh", "<div class=\"a\">", "$", "€", "™", "\\n",
        "\0", "\u0001", "\u001b[0m", "\u007f", "\ufeff", "\ufffe", "\ufffd", "▁", "▁▁", "Ġ", "Ċ", "<0x41>", "<0x0A>", "<unk>", "<s>", "</s>", "<|endoftext|>", "<pause>", "<|im_start|>", "<tool_call>",
    ];

    /// <summary>Texts, the same for the same arguments; the first is empty.</summary>
    /// <param name="count">How many.</param>
    /// <param name="tokens">Added tokens to write into them.</param>
    /// <param name="seed">Of the random numbers.</param>
    public static string[] Create(int count, string[] tokens, int seed)
    {
        var random = new Random(seed);
        return ["", " ", "  ", "\ufeffabc", "\ufeff", new string('a', 3000), new string(' ', 999) + "x", .. Enumerable.Range(0, count - 7).Select(_ => Create(random, tokens))];
    }

    private static string Create(Random random, string[] tokens)
    {
        var text = new StringBuilder(random.Next(40) == 0 ? "\ufeff" : "");
        for (var parts = random.Next(1, 12); parts > 0; parts--)
        {
            text.Append(random.Next(12) switch
            {
                0 or 1 or 2 => Pick(random, Words),
                3 or 4 or 5 => Pick(random, Spaces),
                6 => Pick(random, Numbers),
                7 => Pick(random, Signs),
                8 => Pick(random, tokens),
                9 => Letters(random, random.Next(50) == 0 ? 300 : 8),
                10 => Any(random),
                _ => Pick(random, Words) + Pick(random, Spaces),
            });
        }

        return text.ToString();
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    private static string Letters(Random random, int most) =>
        string.Concat(Enumerable.Range(0, random.Next(1, most)).Select(_ => (char)("etaoinshrdlu"[random.Next(12)] - (random.Next(8) == 0 ? 32 : 0))));

    // Any code point, half surrogate pairs and those without a character among them.
    private static string Any(Random random) => random.Next(4) switch
    {
        0 => ((char)random.Next(0x3000)).ToString(),
        1 => ((char)random.Next(0x10000)).ToString(),
        2 => ((char)random.Next(0xd800, 0xe000)).ToString(),
        _ => char.ConvertFromUtf32(random.Next(0x10000, 0x110000)),
    };
}
