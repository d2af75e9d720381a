using System.Buffers.Binary;
using System.Text;

namespace PauseOnnx.Model;

/// <summary>
/// The fields of one message in the Protobuf wire format: enough to read a SentencePiece model, or what an ONNX file says of
/// itself, without their libraries.
/// </summary>
/// <remarks>See <see href="https://protobuf.dev/programming-guides/encoding/">the encoding</see>.</remarks>
internal sealed class ProtobufFields
{
    private readonly List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> _fields = [];

    /// <summary>Reads a message.</summary>
    /// <exception cref="InvalidDataException">It ends inside a field, or has one of a kind that does not exist.</exception>
    public ProtobufFields(ReadOnlyMemory<byte> message)
    {
        for (var rest = message; rest.Length > 0;)
        {
            var tag = ReadVarint(ref rest);
            var number = (int)(tag >> 3);
            _fields.Add((tag & 7) switch
            {
                0 => (number, ReadVarint(ref rest), default),
                1 => (number, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, sizeof(ulong)).Span), default),
                2 => (number, 0, Take(ref rest, ReadVarint(ref rest))),
                5 => (number, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, sizeof(uint)).Span), default),
                var kind => throw new InvalidDataException($"field {number} is of kind {kind}, which does not exist"),
            });
        }
    }

    /// <summary>The messages of a repeated field.</summary>
    public IEnumerable<ProtobufFields> Messages(int number) => _fields.Where(f => f.Number == number).Select(f => new ProtobufFields(f.Bytes));

    /// <summary>The message of a field; an empty one when it is absent.</summary>
    public ProtobufFields Message(int number) => new(Bytes(number));

    /// <summary>The content of a field; empty when it is absent.</summary>
    public ReadOnlyMemory<byte> Bytes(int number) => _fields.LastOrDefault(f => f.Number == number).Bytes;

    /// <summary>A text.</summary>
    public string Text(int number, string fallback = "") => Has(number) ? Encoding.UTF8.GetString(Bytes(number).Span) : fallback;

    /// <summary>An integer or the number of an enumeration's value.</summary>
    public int Integer(int number, int fallback) => Has(number) ? (int)_fields.Last(f => f.Number == number).Value : fallback;

    /// <summary>true or false.</summary>
    public bool Flag(int number, bool fallback) => Integer(number, fallback ? 1 : 0) != 0;

    /// <summary>A number of 32 bits; 0 when it is absent.</summary>
    public float Float(int number) => BitConverter.UInt32BitsToSingle((uint)_fields.LastOrDefault(f => f.Number == number).Value);

    private bool Has(int number) => _fields.Exists(f => f.Number == number);

    private static ulong ReadVarint(ref ReadOnlyMemory<byte> rest)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(ref rest, 1).Span[0];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number is longer than 64 bits");
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> rest, ulong length)
    {
        if (length > (ulong)rest.Length)
        {
            throw new InvalidDataException("it ends inside a field");
        }

        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }
}
