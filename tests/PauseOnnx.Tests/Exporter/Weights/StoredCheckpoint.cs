using System.Buffers.Binary;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>
/// A checkpoint of weights that each element type holds exactly, multiples of 1/64 from -2 to 2; one of them may be replaced.
/// </summary>
internal sealed class StoredCheckpoint : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public StoredCheckpoint(ModelConfig config, SafetensorsType type = SafetensorsType.F32, (string Name, int Index, float Value)? odd = null)
    {
        var random = new Random(1);
        var writer = new SafetensorsWriter();
        foreach (var (name, shape) in new WeightNames(config).All())
        {
            var values = Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.Next(-128, 129) / 64f).ToArray();
            if (odd?.Name == name)
            {
                values[odd.Value.Index] = odd.Value.Value;
            }

            Values[name] = values;
            writer.Add(name, type, [.. shape.Select(d => (long)d)], stream => stream.Write(Bytes(values, type)));
        }

        writer.Save(_folder[FileNames.Weights]);
        Weights = CheckpointWeights.Open(_folder.Root, config);
    }

    /// <summary>The checkpoint, open.</summary>
    public CheckpointWeights Weights { get; }

    /// <summary>The file.</summary>
    public string File => _folder[FileNames.Weights];

    /// <summary>Every weight, row-major.</summary>
    public Dictionary<string, float[]> Values { get; } = [];

    public void Dispose()
    {
        Weights.Dispose();
        _folder.Dispose();
    }

    private static byte[] Bytes(float[] values, SafetensorsType type)
    {
        var size = SafetensorsEntry.SizeOf(type);
        var bytes = new byte[values.Length * size];
        for (var i = 0; i < values.Length; i++)
        {
            var place = bytes.AsSpan(i * size);
            switch (type)
            {
                case SafetensorsType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(place, (Half)values[i]);
                    break;
                case SafetensorsType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16));
                    break;
                default:
                    BinaryPrimitives.WriteSingleLittleEndian(place, values[i]);
                    break;
            }
        }

        return bytes;
    }
}
