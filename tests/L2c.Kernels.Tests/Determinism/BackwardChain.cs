using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Image to tokens, blend, norm, gated branch, weighted branch, activation, conditioning; both losses; a step of AdamW on a gradient that
/// is clipped.
/// Images <c>first</c> .. of a fixed set.</summary>
internal sealed class BackwardChain : Chain
{
    /// <summary>Images in the set.</summary>
    public const int Images = 5;

    private const int Channels = 4, Size = 14, Patch = 2, Tokens = 49, Width = 60;

    private readonly float[] _weightValues;
    private readonly Tensor _image, _dImage, _taps, _tokens, _x, _y, _cached, _blended, _weight, _dWeight, _modulation, _vectors, _affine, _dAffine;
    private readonly Tensor _dx, _dBranch, _dSource, _dStudentGate, _dScalar, _dNorm, _dGate, _labels, _dTable, _dTime, _dA, _sums;
    private readonly Tensor _output, _noise, _table, _dOutput, _losses, _weights, _first, _second, _average, _coefficients, _norm, _scale;

    public BackwardChain(string set, int threads, int first, int count)
        : base(set, threads)
    {
        int inputs = Channels * Patch * Patch;
        int[] stream = [count, Tokens, Width], picture = [count, Channels, Size, Size];
        _image = Some(1, picture);
        (_dImage, _taps) = (Bench.Take(picture), Bench.Put(RandomData.Normal(seed: 11, Channels * Channels * 9), Channels, Channels, 3, 3));
        _tokens = Bench.Take(count, Tokens, inputs);
        (_x, _y, _cached) = (Some(2, stream), Some(3, stream), Some(4, stream));
        (_blended, _dx, _dBranch, _dNorm) = (Bench.Take(stream), Bench.Take(stream), Bench.Take(stream), Bench.Take(stream));
        (_weight, _dWeight) = (Bench.Put([0.3f], 1), Bench.Take(count * Tokens));
        (_modulation, _vectors) = (Some(5, count, 2 * Width), Bench.Take(count, 2 * Width));
        (_affine, _dAffine) = (Bench.Put(RandomData.Normal(seed: 6, Width), Width), Bench.Take(2, Width));
        _dGate = Bench.Take(count, Width);
        (_dSource, _dStudentGate, _dScalar) = (Bench.Take(stream), Bench.Take(count, Width), Bench.Take(count * Tokens));
        _labels = Bench.Put(RandomData.Integers(seed: 7, Images, 3)[first..(first + count)]);
        (_dTable, _dTime) = (Bench.Take(3, Width), Bench.Take(count, Width));
        (_dA, _sums) = (Bench.Take(stream), Bench.Take(count));
        (_output, _noise) = (Some(8, count, 2 * Channels, Size, Size), Some(9, picture));
        (_dOutput, _losses) = (Bench.Take(count, 2 * Channels, Size, Size), Bench.Take(count, 2));
        float[] timesteps = [.. Enumerable.Range(first, count).SelectMany(i => (float[])[1.25f, 0.75f, 0.2f, 0.7f, -3, -2, i % 2, 0.75f])];
        _table = Bench.Put(timesteps, count, (int)HybridLossColumn.Count);
        _weightValues = RandomData.Normal(seed: 10, 3 * Width);
        (_weights, _average) = (Bench.Take(3 * Width), Bench.Take(3 * Width));
        (_first, _second) = (Bench.Take(3 * Width), Bench.Take(3 * Width));
        const int Coefficients = (int)AdamWCoefficient.Count;
        _coefficients = Bench.Put([1e-2f, 0.1f, 1e-3f, 1e-8f, 0.01f, 10, 31.6f, 1e-2f, 1], Coefficients);
        _scale = _coefficients.Reshape(Coefficients, 1).SliceRows((int)AdamWCoefficient.GradientScale, 1).Reshape(1);
        _norm = Bench.Take(1);
        Reset();

        Tensor Some(int seed, params int[] extents)
        {
            int size = extents.Skip(1).Aggregate(1, (product, extent) => product * extent);
            return Bench.Put(RandomData.Normal(seed, Images * size)[(first * size)..((first + count) * size)], extents);
        }
    }

    public override string[] OpNames =>
    [
        "ImageConvolutionBackward", "UnpatchifyBackward", "Activate", "Blend", "ActivateBackward", "BlendBackward", "NormBackward", "NormBackward",
        "ResidualTermBackward", "ResidualTermBackward", "ConditioningBackward", "SquaredError", "HybridLoss", "ClipNorm", "AdamW",
    ];

    public override void Enqueue()
    {
        CpuDevice device = Bench.Device;
        Tensor gate = _modulation.SliceColumns(0, Width), scale = _modulation.SliceColumns(Width, Width);
        device.ImageConvolutionBackward(_image, _taps, _dImage);
        device.UnpatchifyBackward(_dImage, _tokens, Patch);
        device.Activate(_tokens, _tokens, Activation.GeluTanh);
        device.Blend(_x, _cached, _weight, _blended);
        device.ActivateBackward(_y, _blended, _dx, Activation.GeluErf);
        device.BlendBackward(_dx, _x, _cached, _weight, _dBranch, _dWeight);
        Norm modulated = Norm.Modulated(scale, scale, 1e-6f), affine = Norm.Affine(_affine, _affine, 1e-6f);
        device.NormBackward(_x, modulated, _y, _dBranch, _dNorm, _vectors.SliceColumns(0, Width), _vectors.SliceColumns(Width, Width));
        device.NormBackward(_x, affine, _dNorm, default, _dx, _dAffine.SliceRows(0, 1), _dAffine.SliceRows(1, 1));
        device.ResidualTermBackward(_dx, new ResidualTerm(_cached, gate), _dBranch, _dGate);
        ResidualTerm[] student = [new(_cached, gate, Scalar: _weight), new(_x, Weight: 0.7f, Joins: true)];
        device.ResidualTermBackward(_dx, student, [new(Slope: -1), new(_dSource, 1)], _dStudentGate, _dScalar);
        device.ConditioningBackward(_dGate, gate, _labels, _dTime, _dTable);
        device.SquaredError(_x, _dBranch, Tokens * Width / 2, 0.01f, _dA, _sums);
        device.HybridLoss(_output, _noise, _image, _noise, _table, _dOutput, _losses);
        device.ClipNorm(_dTable.Reshape(3 * Width), 0.5f, _norm, _scale);
        device.AdamW(_weights, _dTable.Reshape(3 * Width), _first, _second, _average, _coefficients);
    }

    public override void Reset()
    {
        foreach (Tensor tensor in (Tensor[])[_weights, _average, _first, _second])
        {
            Bench.Device.Upload(tensor, Array.ConvertAll(_weightValues, Math.Abs));
        }
    }

    public override float[][] PerImage() =>
    [
        .. new[]
        {
            _tokens, _blended, _dx, _dBranch, _dNorm, _dWeight, _vectors, _dGate, _dSource, _dStudentGate, _dScalar, _dTime, _dA, _sums, _losses,
        }.Select(Bench.Get),
    ];

    public override float[][] Everything() =>
        [.. PerImage(), .. new[] { _dAffine, _dTable, _dOutput, _norm, _weights, _average, _first, _second }.Select(Bench.Get)];
}
