namespace PauseOnnx.Model;

/// <summary>metadata_props of an ONNX file, read without an engine and without its library of messages.</summary>
/// <remarks>See <see href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3">ModelProto and StringStringEntryProto</see>.</remarks>
public static class OnnxMetadata
{
    private const int MetadataProps = 14;
    private const int Key = 1;
    private const int Value = 2;

    /// <summary>Names of <see cref="MetadataNames"/>, and any others, with their values.</summary>
    /// <param name="file">An ONNX file; it is read whole, its external data is not.</param>
    /// <exception cref="ModelFormatException">It is no ONNX file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> Read(string file)
    {
        try
        {
            var metadata = new Dictionary<string, string>();
            foreach (var entry in new ProtobufFields(File.ReadAllBytes(file)).Messages(MetadataProps))
            {
                metadata[entry.Text(Key)] = entry.Text(Value);
            }

            return metadata;
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException($"This is no ONNX file: {e.Message} ({file}).", e);
        }
    }
}
