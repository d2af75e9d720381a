using PauseOnnx.Exporter.Ir;
using DataType = PauseOnnx.Exporter.Onnx.TensorProto.Types.DataType;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>Element types in the graph and in the file: one table for writer and reader.</summary>
internal static class ElementTypes
{
    private static readonly (DType Type, DataType Onnx)[] All =
    [
        (DType.Float32, DataType.Float),
        (DType.Float16, DataType.Float16),
        (DType.BFloat16, DataType.Bfloat16),
        (DType.Int64, DataType.Int64),
        (DType.Int32, DataType.Int32),
        (DType.Int8, DataType.Int8),
        (DType.UInt8, DataType.Uint8),
        (DType.Int4, DataType.Int4),
        (DType.UInt4, DataType.Uint4),
        (DType.Bool, DataType.Bool),
    ];

    /// <summary>The file's word for a type.</summary>
    public static DataType ToOnnx(DType type) => Array.Find(All, t => t.Type == type) is { Onnx: not DataType.Undefined } found
        ? found.Onnx
        : throw new NotSupportedException($"Element type is {type}; expected one of {string.Join(", ", All.Select(t => t.Type))}.");

    /// <summary>The graph's word for a type; <see cref="DType.Undefined"/> for one that it has no word for.</summary>
    public static DType FromOnnx(long type) => Array.Find(All, t => (long)t.Onnx == type).Type;

    /// <summary>Any type of the file by its name there, lower case; its number where it has none.</summary>
    public static string NameOf(long type) => ((DataType)type).ToString().ToLowerInvariant();
}
