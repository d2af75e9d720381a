using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Exporter.Weights;

/// <summary>A weight that is not a number spoils every answer: an export refuses it by name.</summary>
internal static class FiniteWeights
{
    private const int Infinity = 0x7F800000;

    /// <summary>Checks part of a weight.</summary>
    /// <param name="values">The part.</param>
    /// <param name="file">Where it is from.</param>
    /// <param name="entry">The weight.</param>
    /// <param name="first">Index of the part's first element in the weight.</param>
    /// <exception cref="ModelFormatException">An element is NaN or infinite.</exception>
    public static void Check(ReadOnlySpan<float> values, SafetensorsFile file, SafetensorsEntry entry, long first)
    {
        if (AreFinite(values))
        {
            return;
        }

        var index = 0;
        while (float.IsFinite(values[index]))
        {
            index++;
        }

        throw new ModelFormatException($"Weight '{entry.Name}' is {values[index]} at {PlaceOf(entry, first + index)}; expected finite numbers ({file.Path}).");
    }

    /// <summary>Where an element lies in a weight, such as <c>[3, 5]</c>.</summary>
    public static string PlaceOf(SafetensorsEntry entry, long element)
    {
        var place = new List<long>();
        foreach (var length in entry.Shape.Reverse())
        {
            place.Insert(0, element % length);
            element /= length;
        }

        return $"[{string.Join(", ", place)}]";
    }

    // Without its sign, a float's bits grow with its magnitude; infinity and then NaN come last.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AreFinite(ReadOnlySpan<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<int>>(values);
        var mask = new Vector<int>(int.MaxValue);
        var largest = Vector<int>.Zero;
        foreach (var vector in vectors)
        {
            largest = Vector.Max(largest, vector & mask);
        }

        if (Vector.GreaterThanOrEqualAny(largest, new Vector<int>(Infinity)))
        {
            return false;
        }

        foreach (var value in values[(vectors.Length * Vector<int>.Count)..])
        {
            if (!float.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
