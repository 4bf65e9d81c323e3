using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What a convolution on CUDA has of its own: windows gathered some rows at a time, in two levels, then a product.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ConvolutionCudaTests
{
    private const string Sixteens = "Kernel_Sixteens";
    private const string Twos = "Kernel_Twos";

    // Channels of x, and elements that its rows and those of y lie off a multiple of 16 bytes.
    [Theory]
    [InlineData(CudaPrecision.F32, 8, 0, Sixteens)]
    [InlineData(CudaPrecision.F32, 4, 0, Sixteens)]
    [InlineData(CudaPrecision.F32, 3, 0, Twos)]
    [InlineData(CudaPrecision.F16, 8, 0, Sixteens)]
    [InlineData(CudaPrecision.F16, 4, 0, Twos)]
    [InlineData(CudaPrecision.BF16, 24, 0, Sixteens)]
    [InlineData(CudaPrecision.BF16, 24, 1, Twos)]
    public void Sixteen_bytes_are_moved_at_a_time_where_pixels_allow_it(CudaPrecision precision, int channels, int gap, string gather)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, [2, 5, 7, channels], 17, Window.Square(3, padding: 1));
        data.Check(data.Run(gap));
        Assert.Equal([gather], bench.Launches() ?? [gather]);
    }

    // 64 rows at least; parts of about equal size; the whole.
    [Theory]
    [InlineData(1, 3)]
    [InlineData(128 * 72 * 2, 2)]
    [InlineData(32 << 20, 1)]
    public void Parts_of_the_rows_give_what_the_whole_gives(int partBytes, int parts)
    {
        using CudaWorkbench bench = new(CudaPrecision.F16, new CudaOptions { PartBytes = partBytes });
        Case data = new(bench, [2, 9, 10, 8], 16, Window.Square(3, padding: 1));
        data.Check(data.Run());
        DeviceWork[] work = bench.Work();
        if (bench.Library is not null)
        {
            Assert.Equal(parts, work.OfType<KernelLaunch>().Count());
            Assert.Equal(parts, work.OfType<MatmulLaunch>().Count());
        }

        data.MustReject(data.Run(window: Window.Square(3, padding: 1) with { Top = 2, Bottom = 0 }));
    }

    // Precision, bytes of a part, parts: an autoencoder's last convolution, smaller, in parts of one line, of some, and whole.
    [Theory]
    [InlineData(CudaPrecision.F32, 1, 18)]
    [InlineData(CudaPrecision.F16, 7 * 5 * 32 * 4, 6)]
    [InlineData(CudaPrecision.TF32, 32 << 20, 2)]
    [InlineData(CudaPrecision.BF16, 32 << 20, 2)]
    public void Few_outputs_are_products_of_every_pixel_with_every_tap(CudaPrecision precision, int partBytes, int parts)
    {
        using CudaWorkbench bench = new(precision, new CudaOptions { PartBytes = partBytes });
        foreach (bool hasLibrary in bench.Library is null ? [true] : new[] { true, false })
        {
            if (bench.Library is not null)
            {
                bench.Library.HasAlgorithms = hasLibrary;
            }

            Case data = new(bench, [2, 9, 7, 32], 3, new Window(3, 3, Top: 1, Left: 2, Bottom: 1, Right: 0), Activation.Silu);
            bench.Work();
            data.Check(data.Run(gap: 1));
            DeviceWork[] work = bench.Work();
            Assert.True(bench.Library is null || work.OfType<KernelLaunch>().Count(launch => launch.Kernel == "Kernel_Taps") == parts);
            data.CheckAccumulated(data.RunAccumulating());
            data.MustReject(data.Run(window: new Window(3, 3, Top: 1, Left: 1, Bottom: 1, Right: 1)));
        }
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void Without_the_library_the_plain_product_takes_its_place(CudaPrecision precision)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulated library can be without algorithms");
        using CudaWorkbench bench = new(precision);
        bench.Library!.HasAlgorithms = false;
        Case data = new(bench, [1, 6, 5, 3], 5, new Window(3, 2, Stride: 2, Top: 1, Left: 1), Activation.Relu);
        data.Check(data.Run());
        Assert.DoesNotContain(bench.Work(), work => work is MatmulLaunch);
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.F16)]
    public void Memory_is_bounded_and_a_recording_replays_to_the_bits_of_the_call(CudaPrecision precision)
    {
        const int PartBytes = 1 << 16;
        using CudaWorkbench bench = new(precision, new CudaOptions { PartBytes = PartBytes });
        Case data = new(bench, [3, 17, 16, 40], 24, Window.Square(3, padding: 1), Activation.Relu);
        Tensor x = bench.Take(3, 17, 16, 40), y = bench.Put(data.Before, 3, 17, 16, 24);
        using OpSequence sequence = bench.Device.Capture(() => data.Enqueue(x, y, accumulates: true));
        bench.Device.Upload(x, data.X);
        sequence.Run();
        float[] replayed = bench.Get(y);
        data.CheckAccumulated(replayed);
        Assert.Equal(replayed, data.RunAccumulating());
        Assert.InRange(bench.Device.ScratchBytes, 1, 2 * PartBytes);
        OpInfo op = Assert.Single(sequence.Ops);
        Assert.Equal(nameof(Device.Convolution), op.Name);
        Assert.Equal(2L * 3 * 17 * 16 * 24 * 9 * 40, op.Flops);
        Assert.Equal(((3L * 17 * 16 * (40 + 24 + 24)) + (24 * 9 * 40)) * bench.Device.StorageType.Size(), op.Bytes);
        Assert.Equal(sequence.Ops, bench.Device.List(() => data.Enqueue(x, y, accumulates: true)));
    }

    private sealed class Case
    {
        private readonly CudaWorkbench _bench;
        private readonly int[] _shape;
        private readonly int _outputs;
        private readonly Window _window;
        private readonly Activation _activation;
        private readonly Matrix _weight;
        private readonly Tensor _bias;
        private readonly Func<bool, double[]> _exact;
        private readonly Func<bool, float[]> _naive;

        public Case(CudaWorkbench bench, int[] shape, int outputs, Window window, Activation activation = Activation.None)
        {
            (_bench, _shape, _outputs, _window, _activation) = (bench, shape, outputs, window, activation);
            int inputs = window.Pixels * shape[3];
            X = bench.Round(RandomData.Normal(seed: 141, shape.Aggregate(1, (a, b) => a * b)));
            float[] weight = bench.Round(RandomData.Normal(seed: 142, outputs * inputs, deviation: 1 / Math.Sqrt(inputs)));
            float[] bias = bench.Round(RandomData.Normal(seed: 143, outputs));
            Before = bench.Round(RandomData.Normal(seed: 144, shape[0] * window.OutputHeight(shape[1]) * window.OutputWidth(shape[2]) * outputs));
            (_weight, _bias) = (bench.PutMatrix(weight, outputs, inputs), bench.Put(bias, outputs));
            _exact = adds => Reference.Convolution<double>(X, new Shape(shape), weight, bias, window, Apply, adds ? Before : null);
            _naive = adds => bench.NaiveProducts(_exact(adds), round =>
            {
                float[] sums = bench.Round(Reference.Convolution<float>(round(X), new Shape(shape), round(weight), bias, window));
                sums = adds ? bench.Round([.. sums.Zip(Before, (a, b) => a + b)]) : sums;
                return bench.Round(Array.ConvertAll(sums, Apply));
            });

            T Apply<T>(T value)
                where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
                {
                    Activation.Relu => Reference.Relu(value),
                    Activation.Silu => Reference.Silu(value),
                    _ => value,
                };
        }

        public float[] X { get; }

        public float[] Before { get; }

        private Tensor Input => _bench.Put(X, _shape);

        private int[] Output => [_shape[0], _window.OutputHeight(_shape[1]), _window.OutputWidth(_shape[2]), _outputs];

        public void Enqueue(Tensor x, Tensor y, bool accumulates) =>
            _bench.Device.Convolution(x, _weight, _bias, y, _window, _activation, accumulates);

        public float[] Run(int gap = 0, Window? window = null)
        {
            // Some channels of wider images, whose others stay as they were.
            int[] wideX = [.. _shape[..3], _shape[3] + gap], wideY = [.. Output[..3], _outputs + gap];
            float[] around = new float[wideX[0] * wideX[1] * wideX[2] * wideX[3]];
            for (int i = 0; i < X.Length; i++)
            {
                around[(i / _shape[3] * wideX[3]) + gap + (i % _shape[3])] = X[i];
            }

            Tensor x = _bench.Put(around, wideX).SliceChannels(gap, _shape[3]), wide = _bench.Put(new float[wideY.Aggregate(1, (a, b) => a * b)], wideY);
            _bench.Device.Convolution(x, _weight, _bias, wide.SliceChannels(0, _outputs), window ?? _window, _activation);
            Assert.All(_bench.Get(wide).Where((_, i) => i % wideY[3] >= _outputs), value => Assert.Equal(0, value));
            return _bench.Get(wide.SliceChannels(0, _outputs));
        }

        public float[] RunAccumulating()
        {
            Tensor y = _bench.Put(Before, Output);
            Enqueue(Input, y, accumulates: true);
            return _bench.Get(y);
        }

        public void Check(float[] actual) => Tolerance.TimesNaive(2).Check(actual, _exact(false), _naive(false));

        public void CheckAccumulated(float[] actual)
        {
            Tolerance.TimesNaive(2).Check(actual, _exact(true), _naive(true));
            Tolerance.TimesNaive(2).MustReject(Run(), _exact(true), _naive(true));
        }

        public void MustReject(float[] faulty) => Tolerance.TimesNaive(2).MustReject(faulty, _exact(false), _naive(false));
    }
}
