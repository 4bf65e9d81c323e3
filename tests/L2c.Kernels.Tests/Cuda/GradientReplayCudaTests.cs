using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Every op of the backward pass as a recording: it replays to the bits that calling it gives, and can be listed on paper.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class GradientReplayCudaTests
{
    private const int Images = 2;
    private const int Tokens = 5;
    private const int Channels = 24;
    private const int Heads = 3;

    public static TheoryData<CudaPrecision> Precisions => [.. Enum.GetValues<CudaPrecision>()];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_recorded_backward_pass_gives_the_bits_of_the_same_calls(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        (Arena arena, Pass pass) = Arena.Carve(bench.Device, "test", carve => new Pass(carve));
        (Arena otherArena, Pass other) = Arena.Carve(bench.Device, "test", carve => new Pass(carve));
        using (arena)
        using (otherArena)
        {
            // The recording meets everything first, before anything has values: nothing may be read.
            using OpSequence sequence = bench.Device.Capture(() => pass.Enqueue(bench.Device));
            pass.Fill(bench.Device);
            other.Fill(bench.Device);
            other.Enqueue(bench.Device);
            float[][] expected = [.. other.Results.Select(bench.Get)];
            sequence.Run();
            Assert.Equal(expected, [.. pass.Results.Select(bench.Get)]);
            Assert.All(expected, values => Assert.Contains(values, value => value != 0));

            // Larger scratch memory of a later op leaves the recording's in place.
            Tensor large = bench.Put(new float[9000 * 8], 1, 9000, 8), vector = bench.Put(new float[8], 1, 8), sums = bench.Take(1, 8);
            Assert.Equal(1 << 16, bench.Device.ScratchBytes);
            bench.Device.NormBackward(large, Norm.Modulated(vector, vector, 1), large, default, default, sums, bench.Take(1, 8));
            Assert.Equal(3 << 16, bench.Device.ScratchBytes);

            pass.Fill(bench.Device);
            sequence.Run();
            Assert.Equal(expected, [.. pass.Results.Select(bench.Get)]);

            Assert.Equal(sequence.Ops, bench.Device.List(() => pass.Enqueue(bench.Device)));
            Assert.Equal(Pass.Names, sequence.Ops.Select(op => op.Name).Distinct().Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void On_paper_no_memory_is_needed_and_none_taken(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        long before = bench.AllocatedBytes;
        (_, Pass pass) = Arena.Count(bench.Device, "test", carve => new Pass(carve));
        IReadOnlyList<OpInfo> ops = bench.Device.List(() => pass.Enqueue(bench.Device));
        Assert.Equal(Pass.Names, ops.Select(op => op.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.All(ops, op => Assert.True(op.Bytes > 0, op.Name));
        Assert.Equal((before, 0), (bench.AllocatedBytes, bench.Device.ScratchBytes));
    }

    /// <summary>The tensors of one pass over everything.</summary>
    private sealed class Pass
    {
        private readonly Tensor _x, _dy, _dx, _dBranch, _blended, _gates, _dGates, _dScale, _dShift, _qkv, _y, _dQkv, _silu, _dSilu, _dTime, _back;
        private readonly Tensor _weight, _dWeight, _dBias, _blendWeight, _dBlendWeight, _labels, _dTable, _image, _target, _dImage, _sums, _dTokens;
        private readonly Tensor _output, _dOutput, _table, _losses, _first, _second, _average, _coefficients, _norm, _scale;
        private readonly Tensor _dSource, _dStudentGates, _dScalar;
        private readonly Matrix _matrix, _transposed;

        public Pass(Arena arena)
        {
            int[] stream = [Images, Tokens, Channels];
            (_x, _dy, _dx, _dBranch, _blended, _y) = (
                arena.Take(stream), arena.Take(stream), arena.Take(stream), arena.Take(stream), arena.Take(stream), arena.Take(stream));
            (_gates, _dGates, _dScale, _dShift) = (
                arena.Take(Images, Channels), arena.Take(Images, Channels), arena.Take(Images, Channels), arena.Take(Images, Channels));
            (_qkv, _dQkv) = (arena.Take(Images, Tokens, 3 * Channels), arena.Take(Images, Tokens, 3 * Channels));
            (_silu, _dSilu, _dTime) = (arena.Take(Images, Channels), arena.Take(Images, Channels), arena.Take(Images, Channels));
            _back = arena.Take(Images * Tokens, Channels);
            (_weight, _dWeight) = (arena.Take(DType.F32, Channels, Channels), arena.Take(DType.F32, Channels, Channels));
            (_dBias, _blendWeight, _dBlendWeight) = (
                arena.Take(DType.F32, Channels), arena.Take(DType.F32, 1), arena.Take(DType.F32, Images * Tokens));
            _labels = arena.Take(DType.I32, Images);
            _dTable = arena.Take(DType.F32, 4, Channels);
            int[] image = [Images, 1, 4, 6];
            (_image, _target, _dImage, _sums) = (
                arena.Take(DType.F32, image), arena.Take(DType.F32, image), arena.Take(DType.F32, image), arena.Take(DType.F32, Images));
            (_output, _dOutput) = (arena.Take(DType.F32, Images, 2, 4, 6), arena.Take(DType.F32, Images, 2, 4, 6));
            (_table, _losses) = (arena.Take(DType.F32, Images, (int)HybridLossColumn.Count), arena.Take(DType.F32, Images, 2));
            _dTokens = arena.Take(Images, 6, 4);
            (_first, _second, _average) = (
                arena.Take(DType.F32, Channels, Channels), arena.Take(DType.F32, Channels, Channels), arena.Take(DType.F32, Channels, Channels));
            _coefficients = arena.Take(DType.F32, (int)AdamWCoefficient.Count);
            (_norm, _scale) = (arena.Take(DType.F32, 1), arena.Take(DType.F32, 1));
            (_dSource, _dStudentGates, _dScalar) = (
                arena.Take(stream), arena.Take(Images, Channels), arena.Take(DType.F32, Images * Tokens));
            _matrix = arena.TakeMatrix(Channels, Channels);
            _transposed = arena.TakeTransposed(_matrix);
        }

        /// <summary>Every op that <see cref="Enqueue"/> calls and that is one on CUDA.</summary>
        public static IEnumerable<string> Names { get; } =
        [
            nameof(Device.Activate), nameof(Device.ActivateBackward), nameof(Device.AdamW), nameof(Device.AttentionBackward), nameof(Device.Blend),
            nameof(Device.BlendBackward), nameof(Device.ClipNorm), nameof(Device.ColumnSums), nameof(Device.ConditioningBackward), nameof(Device.HybridLoss),
            nameof(Device.Linear), nameof(Device.LinearWeightGradient), nameof(Device.NormBackward), nameof(Device.PackMatrix),
            nameof(Device.ResidualTermBackward), nameof(Device.SquaredError), nameof(Device.UnpatchifyBackward),
        ];

        /// <summary>What the ops write, each once.</summary>
        public Tensor[] Results =>
        [
            _y, _dx, _dBranch, _dGates, _dScale, _dShift, _blended, _dBlendWeight, _dQkv, _dTime, _dTable, _back, _dWeight, _dBias, _dImage, _sums,
            _dTokens, _dSource, _dStudentGates, _dScalar, _dOutput, _losses, _weight, _first, _second, _average, _norm, _scale,
        ];

        public void Fill(CudaDevice device)
        {
            int seed = 211;
            foreach (Tensor tensor in (ReadOnlySpan<Tensor>)[
                _x, _dy, _qkv, _gates, _silu, _dSilu, _weight, _image, _target, _output, _first, _second, _average, _table, _coefficients])
            {
                // Nothing negative where a root or a logarithm is taken.
                device.Upload(tensor, Array.ConvertAll(RandomData.Normal(seed++, (int)tensor.Shape.Count), value => 0.1f + Math.Abs(value)));
            }

            device.Upload(_blendWeight, [0.3f]);
            device.Upload(_labels, [3, 1]);
        }

        public void Enqueue(CudaDevice device)
        {
            Tensor x = _x.Reshape(Images * Tokens, Channels), dy = _dy.Reshape(Images * Tokens, Channels);
            device.PackMatrix(_weight, _matrix);
            device.PackTransposed(_weight, _transposed);
            device.Linear(dy, _transposed, default, _back);
            device.LinearWeightGradient(dy, x, _dWeight);
            device.ColumnSums(dy, _dBias);
            device.Activate(_x, _y, Activation.GeluTanh);
            device.ActivateBackward(_dy, _x, _dBranch, Activation.GeluTanh);
            device.Blend(_x, _dy, _blendWeight, _blended);
            device.BlendBackward(_dy, _x, _blended, _blendWeight, default, _dBlendWeight);
            device.NormBackward(_x, Norm.Modulated(_gates, _gates, 1e-6f), _dy, default, _dx, _dScale, _dShift);
            device.ResidualTermBackward(_dy, new ResidualTerm(_x, _gates), _dBranch, _dGates);
            ResidualTerm[] student = [new(_blended, _gates, Weight: 0.5f), new(_x, Scalar: _blendWeight, Joins: true)];
            device.ResidualTermBackward(_dy, student, [new(Slope: -1), new(_dSource, 1)], _dStudentGates, _dScalar);
            device.AttentionBackward(_qkv, _dy, _dQkv, Heads);
            device.ConditioningBackward(_dSilu, _silu, _labels, _dTime, _dTable);
            device.UnpatchifyBackward(_image, _dTokens, 2);
            device.SquaredError(_image, _target, 4 * 6, 0.5f, _dImage, _sums);
            device.HybridLoss(_output, _image, _target, _image, _table, _dOutput, _losses);
            device.ClipNorm(_dWeight, 0.5f, _norm, _scale);
            device.AdamW(_weight, _dWeight, _first, _second, _average, _coefficients);
        }
    }
}
