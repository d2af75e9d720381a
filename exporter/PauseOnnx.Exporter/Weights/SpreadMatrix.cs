namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// A matrix whose blocks of rows are multiplied by <see cref="HadamardMatrix"/>: with states multiplied by it too, it has the
/// results of the matrix itself.
/// </summary>
/// <param name="source">The matrix; its inputs are a multiple of <see cref="HadamardMatrix.Size"/>.</param>
internal sealed class SpreadMatrix(MatrixData source) : MatrixData
{
    public override long Inputs => source.Inputs;

    public override int Outputs => source.Outputs;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The part does not begin and end with a block.</exception>
    public override void Read(long firstInput, int inputs, int firstOutput, int outputs, Span<float> tile, int stride)
    {
        if (firstInput % HadamardMatrix.Size != 0 || inputs % HadamardMatrix.Size != 0)
        {
            throw new ArgumentException($"Rows {firstInput} to {firstInput + inputs}; expected multiples of {HadamardMatrix.Size}.", nameof(firstInput));
        }

        source.Read(firstInput, inputs, firstOutput, outputs, tile, stride);
        HadamardMatrix.MultiplyRows(tile, inputs, outputs, stride);
    }

    public override void Release() => source.Release();

    public override string Describe(long index) => source.Describe(index);
}
