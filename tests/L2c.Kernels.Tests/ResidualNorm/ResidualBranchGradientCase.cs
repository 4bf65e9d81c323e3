using System.Numerics;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The gradient of a stream and one branch of some terms, for every device.</summary>
internal sealed class ResidualBranchGradientCase
{
    private readonly int[] _shape;
    private readonly ReferenceTerm[] _terms;

    /// <param name="shape">B, T, C.</param>
    /// <param name="terms">How many terms; every second one has a scalar, and a negative slope.</param>
    /// <param name="round">To what the device stores.</param>
    public ResidualBranchGradientCase(int[] shape, int terms, Converter<float[], float[]> round)
    {
        _shape = shape;
        int size = shape[0] * shape[1] * shape[2];
        Dx = round(RandomData.Normal(seed: 181, size));
        float[] gate = round(RandomData.Normal(seed: 182, shape[0] * shape[2]));
        Slopes = [.. Enumerable.Range(0, terms).Select(k => k % 2 == 0 ? -1f : 1 + (0.25f * k))];
        _terms =
        [
            .. Enumerable.Range(0, terms).Select(k => new ReferenceTerm(
                round(RandomData.Normal(seed: 183 + k, size)), gate, 1.75f - (0.5f * k), k % 2 == 0 ? 1 : 1.3f, Joins: k > 0)),
        ];
    }

    public float[] Dx { get; }

    public float[] Slopes { get; }

    public (T[][] DSources, T[] DGate, T[] DScalar) Backward<T>()
        where T : IFloatingPointIeee754<T> => Reference.ResidualBranchBackward<T>(Dx, _terms, Slopes, _shape[1], _shape[2]);

    /// <summary>The terms on a device.</summary>
    public ResidualTerm[] Put(Func<float[], Tensor> source, Func<float[], Tensor> gate, Func<float, Tensor> scalar)
    {
        Tensor shared = gate(_terms[0].Gate!);
        return Array.ConvertAll(
            _terms, term => new ResidualTerm(source(term.Source), shared, term.Weight, term.Scalar == 1 ? default : scalar(term.Scalar), term.Joins));
    }
}
