using System.Globalization;
using System.Text;

namespace PauseOnnx.Model;

/// <summary>
/// Unicode's normalization form C: characters and their combining marks in one order, composed where one character exists
/// for them. .NET's own needs ICU, which a program with invariant globalization does not load.
/// </summary>
/// <remarks>
/// Thread-safe. See <see href="https://www.unicode.org/reports/tr15/">Unicode Standard Annex 15</see>. Data of Unicode 14;
/// characters that are newer stay as they are.
/// </remarks>
internal static class NormalizationFormC
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    private static readonly Tables Data = Tables.Read();

    /// <summary>The text in form C; the same instance when it is in that form already.</summary>
    /// <param name="text">Text without half surrogate pairs.</param>
    public static string Normalize(string text)
    {
        var first = text.AsSpan().IndexOfAnyInRange(Tables.FirstUnstable, char.MaxValue);
        if (first < 0)
        {
            return text;
        }

        var result = new StringBuilder();
        var (copied, lastStable) = (0, 0);
        for (var i = Math.Max(0, first - 1); i < text.Length;)
        {
            var length = char.IsHighSurrogate(text[i]) ? 2 : 1;
            if (!IsUnstable(text, i))
            {
                (lastStable, i) = (i, i + length);
                continue;
            }

            // What precedes the last stable character, and what follows from the next one on, cannot change.
            var end = i;
            while (end < text.Length && IsUnstable(text, end))
            {
                end += char.IsHighSurrogate(text[end]) ? 2 : 1;
            }

            result.Append(text, copied, lastStable - copied);
            AppendNormalized(text.AsSpan(lastStable, end - lastStable), result);
            (copied, lastStable, i) = (end, end, end);
        }

        return copied == 0 ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool IsUnstable(string text, int index) =>
        text[index] >= Tables.FirstUnstable && Data.Unstable.Contains(char.ConvertToUtf32(text, index));

    private static void AppendNormalized(ReadOnlySpan<char> text, StringBuilder result)
    {
        var characters = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, characters);
        }

        Order(characters);
        foreach (var character in Compose(characters))
        {
            result.Append(new Rune(character).ToString());
        }
    }

    private static void Decompose(int character, List<int> result)
    {
        var syllable = character - HangulBase;
        if (syllable is >= 0 and < HangulCount)
        {
            result.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            result.Add(VowelBase + (syllable / TrailCount % VowelCount));
            if (syllable % TrailCount > 0)
            {
                result.Add(TrailBase + (syllable % TrailCount));
            }
        }
        else if (Data.Decompositions.TryGetValue(character, out var parts))
        {
            foreach (var part in parts)
            {
                Decompose(part, result);
            }
        }
        else
        {
            result.Add(character);
        }
    }

    // Marks between two starters, stably by their class.
    private static void Order(List<int> characters)
    {
        for (var i = 1; i < characters.Count; i++)
        {
            var (character, mark) = (characters[i], Data.ClassOf(characters[i]));
            var place = i;
            for (; mark > 0 && place > 0 && Data.ClassOf(characters[place - 1]) > mark; place--)
            {
                characters[place] = characters[place - 1];
            }

            characters[place] = character;
        }
    }

    private static List<int> Compose(List<int> characters)
    {
        var result = new List<int>(characters.Count);
        var (starter, lastClass) = (-1, -1);
        foreach (var character in characters)
        {
            var mark = Data.ClassOf(character);
            if (starter >= 0 && lastClass < mark && ComposePair(result[starter], character) is { } composed)
            {
                result[starter] = composed;
                continue;
            }

            if (mark == 0)
            {
                (starter, lastClass) = (result.Count, -1);
            }
            else
            {
                lastClass = mark;
            }

            result.Add(character);
        }

        return result;
    }

    private static int? ComposePair(int first, int second)
    {
        var (lead, vowel, trail) = (first - LeadBase, second - VowelBase, second - TrailBase);
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
        {
            return HangulBase + (((lead * VowelCount) + vowel) * TrailCount);
        }

        var syllable = first - HangulBase;
        return syllable is >= 0 and < HangulCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount
            ? first + trail
            : Data.Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    /// <param name="Decompositions">One step, one or two characters.</param>
    /// <param name="Compositions">Pairs and what they make.</param>
    /// <param name="Classes">Combining classes other than 0.</param>
    /// <param name="Unstable">Characters that normalization may change, or that may change the one before.</param>
    private sealed record Tables(
        Dictionary<int, int[]> Decompositions, Dictionary<(int First, int Second), int> Compositions, Dictionary<int, int> Classes, HashSet<int> Unstable)
    {
        /// <summary>All characters below stay as they are.</summary>
        public const char FirstUnstable = '\u0300';

        private const string Resource = "canonical-decompositions.txt";

        public static Tables Read()
        {
            var tables = new Tables([], [], [], []);
            using var reader = new StreamReader(typeof(NormalizationFormC).Assembly.GetManifestResourceStream(Resource)!);
            while (reader.ReadLine() is { } line)
            {
                if (line[0] == '=')
                {
                    tables.AddClass(line[1..].Split(' '));
                }
                else if (line[0] != '#')
                {
                    tables.AddDecomposition(line.Split(' '));
                }
            }

            tables.Unstable.UnionWith(tables.Classes.Keys);
            tables.Unstable.UnionWith(tables.Compositions.Keys.Select(p => p.Second));
            tables.Unstable.UnionWith(Enumerable.Range(VowelBase, VowelCount).Concat(Enumerable.Range(TrailBase + 1, TrailCount - 1)));
            return tables;
        }

        public int ClassOf(int character) => Classes.GetValueOrDefault(character);

        private void AddClass(string[] parts)
        {
            var value = int.Parse(parts[0], CultureInfo.InvariantCulture);
            foreach (var range in parts.Skip(1).Select(r => Array.ConvertAll(r.Split('-'), ReadHex)))
            {
                for (var character = range[0]; character <= range[^1]; character++)
                {
                    Classes[character] = value;
                }
            }
        }

        private void AddDecomposition(string[] parts)
        {
            var isFinal = parts[^1] == "!";
            int[] characters = Array.ConvertAll(isFinal ? parts[..^1] : parts, ReadHex);
            Decompositions[characters[0]] = characters[1..];
            if (isFinal)
            {
                Unstable.Add(characters[0]);
            }
            else
            {
                Compositions[(characters[1], characters[2])] = characters[0];
            }
        }

        private static int ReadHex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
