namespace PauseOnnx.Model;

/// <summary>What tokenizer_config.json says beyond tokenizer.json; its other keys concern hosts in other languages.</summary>
/// <param name="EosId">Id that ends a text, or null.</param>
/// <param name="PadId">Id that pads, or null.</param>
internal sealed record TokenizerConfigJson(int? EosId, int? PadId)
{
    /// <summary>Reads the content of a file.</summary>
    /// <param name="content">Of a tokenizer_config.json.</param>
    /// <param name="file">Where it is from, for messages.</param>
    /// <param name="tokenizer">Knows the tokens' ids.</param>
    /// <exception cref="ModelFormatException">The file is not valid, or names a token that does not exist.</exception>
    public static TokenizerConfigJson Read(byte[] content, string file, TokenizerJson tokenizer)
    {
        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(content, file), "", faults);
        var config = new TokenizerConfigJson(ReadToken(fields, "eos_token", tokenizer), ReadToken(fields, "pad_token", tokenizer));
        ModelFormatException.ThrowIfAny(faults, file);
        return config;
    }

    private static int? ReadToken(JsonFields fields, string name, TokenizerJson tokenizer)
    {
        if (!fields.Has(name))
        {
            return null;
        }

        var content = fields.TokenText(name);
        var id = tokenizer.Find(content);
        if (id is null && content.Length > 0)
        {
            fields.Fault($"'{name}' is '{content}'; expected a token of {FileNames.Tokenizer}");
        }

        return id;
    }
}
