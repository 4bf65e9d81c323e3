using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ConvolutionTests
{
    // B, H, W, C, O; height, width, stride; padding above, left, below, right: smallest; a VAE's, smaller; its way down; Inception's first, its windows
    // of one line and one column; three outputs; a line of a window beyond one block of depth; more lines than
    // a block takes; a pixel deeper than any block; primes.
    private static readonly int[][] _shapes =
    [
        [1, 1, 1, 1, 1, 1, 2, 1, 0, 1, 0, 0],
        [1, 16, 16, 128, 128, 3, 3, 1, 1, 1, 1, 1],
        [1, 17, 13, 40, 21, 3, 3, 2, 0, 0, 1, 1],
        [2, 11, 9, 3, 32, 3, 3, 2, 0, 0, 0, 0],
        [2, 9, 17, 20, 33, 1, 7, 1, 0, 3, 0, 3],
        [2, 9, 17, 100, 20, 7, 1, 1, 3, 0, 3, 0],
        [1, 8, 24, 64, 3, 3, 3, 1, 1, 1, 1, 1],
        [1, 5, 9, 300, 7, 3, 3, 1, 1, 1, 1, 1],
        [1, 9, 17, 128, 50, 7, 1, 1, 3, 0, 3, 0],
        [1, 3, 5, 2100, 5, 3, 3, 1, 1, 1, 1, 1],
        [3, 7, 19, 37, 29, 5, 3, 1, 2, 1, 1, 0],
    ];

    private static readonly int[][] _shapesOfCuda =
    [
        [1, 1, 1, 1, 1, 1, 2, 1, 0, 1, 0, 0],
        [1, 8, 8, 32, 32, 3, 3, 1, 1, 1, 1, 1],
        [1, 9, 7, 16, 24, 3, 3, 2, 0, 0, 1, 1],
        [2, 5, 9, 3, 8, 3, 3, 2, 0, 0, 0, 0],
        [1, 3, 8, 16, 16, 1, 7, 1, 0, 3, 0, 3],
        [2, 5, 7, 13, 11, 5, 3, 1, 2, 1, 1, 0],
    ];

    public static TheoryData<string, int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    public static TheoryData<string, int[]> Products => [.. Cases, .. DeviceCases.Of([nameof(CudaPrecision.TF32)], _shapesOfCuda)];

    public static MatrixTheoryData<string, int[]> CpuCases => new(DeviceCases.Cpu, _shapes);

    [Theory]
    [MemberData(nameof(Products))]
    public void It_is_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        ConvolutionCase data = new(bench, shape);
        bench.ForEachRounding(() =>
        {
            double[] exact = Reference.Convolution<double>(data.Values, data.X, data.Weight, data.Bias, data.Window);
            float[] naive = bench.Round(bench.NaiveProducts(
                exact, round => Reference.Convolution<float>(round(data.Values), data.X, round(data.Weight), data.Bias, data.Window)));
            Tensor bias = bench.Put(data.Bias, data.Outputs);
            Tolerance.TimesNaive(2).Check(data.Run(bench, data.Weight, bias), exact, naive);

            // Planted faults: no bias; the window's pixels in reverse, as a convolution in the word's strict sense.
            Tolerance.TimesNaive(2).MustReject(data.Run(bench, data.Weight, default), exact, naive);
            Tolerance.TimesNaive(2).MustReject(data.Run(bench, data.Reversed(), bias), exact, naive);
        });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_adds_to_what_is_there_before_the_activation(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        ConvolutionCase data = new(bench, shape);
        Check(Activation.None, v => v, v => v);
        Check(Activation.Relu, Reference.Relu, Reference.Relu);
        Check(Activation.Silu, Reference.Silu, Reference.Silu);

        void Check(Activation activation, Func<double, double> inDouble, Func<float, float> inFloat)
        {
            double[] exact = Reference.Convolution(data.Values, data.X, data.Weight, data.Bias, data.Window, inDouble, data.Before);
            float[] sums = bench.Round(Reference.Convolution<float>(data.Values, data.X, data.Weight, data.Bias, data.Window, null, data.Before));
            float[] naive = bench.Round(Array.ConvertAll(sums, v => inFloat(v)));
            Tensor bias = bench.Put(data.Bias, data.Outputs);
            Tolerance.TimesNaive(2).Check(data.Run(bench, data.Weight, bias, activation, accumulates: true), exact, naive);
            Tolerance.TimesNaive(2).MustReject(data.Run(bench, data.Weight, bias, activation), exact, naive);
            if (data.Y.Count > 1)
            {
                Activation other = activation == Activation.Silu ? Activation.Relu : Activation.Silu;
                Tolerance.TimesNaive(2).MustReject(data.Run(bench, data.Weight, bias, other, accumulates: true), exact, naive);
            }
        }
    }

    [Theory]
    [MemberData(nameof(CpuCases))]
    public void Relu_clamps_the_very_sums_that_no_activation_leaves(string set, int[] shape)
    {
        using Bench bench = Bench.Open(set);
        ConvolutionCase data = new(bench, shape);
        Check(bench.Put(data.Bias, data.Outputs), accumulates: false);
        Check(default, accumulates: true);

        void Check(Tensor bias, bool accumulates)
        {
            float[] sums = data.Run(bench, data.Weight, bias, Activation.None, accumulates);
            Assert.Equal(Array.ConvertAll(sums, Reference.Relu), data.Run(bench, data.Weight, bias, Activation.Relu, accumulates));
            Assert.True(sums.Length == 1 || sums.Any(sum => sum < 0), "nothing was there to be clamped");
        }
    }

    /// <summary>Small integers: sums are exact, so the result must be equal, whatever the order.</summary>
    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Every_remainder_of_places_channels_and_windows_is_computed(string set)
    {
        using var bench = new Workbench(set);
        Window[] windows =
        [
            Window.Square(3, padding: 1), Window.Square(3, stride: 2), new(3, 3, 2, 0, 0, 1, 1), new(1, 7, 1, 0, 3, 0, 3), new(7, 1, 1, 3, 0, 3),
            Window.Square(5, padding: 2), new(2, 4, 3, 1, 3, 1, 2), Window.Square(1, stride: 2),
        ];
        foreach ((int h, int w) in (ReadOnlySpan<(int, int)>)[(7, 8), (7, 17), (9, 9), (13, 33)])
        {
            foreach (int channels in (int[])[1, 3, 16, 33, 100])
            {
                foreach (Window window in windows)
                {
                    CheckInteger(bench, new Shape(2, h, w, channels), 1 + channels % 7 * 9, window, gap: channels % 2 * 5);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(CpuCases))]
    public void It_has_the_bits_of_a_linear_map_of_the_gathered_windows(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        ConvolutionCase data = new(bench, shape);
        int rows = data.Y.Rows, channels = data.X[3];
        float[] gathered = new float[rows * data.Inputs];
        for (int row = 0; row < rows; row++)
        {
            int b = row / (data.Y[1] * data.Y[2]), i = row / data.Y[2] % data.Y[1], j = row % data.Y[2];
            for (int k = 0; k < data.Inputs; k++)
            {
                int line = i * data.Window.Stride - data.Window.Top + k / channels / data.Window.Width;
                int column = j * data.Window.Stride - data.Window.Left + k / channels % data.Window.Width;
                if (line >= 0 && line < data.X[1] && column >= 0 && column < data.X[2])
                {
                    gathered[row * data.Inputs + k] = data.Values[((b * data.X[1] + line) * data.X[2] + column) * channels + k % channels];
                }
            }
        }

        Tensor y = bench.Take(rows, data.Outputs), bias = bench.Put(data.Bias, data.Outputs);
        bench.Device.Linear(
            bench.Put(gathered, rows, data.Inputs), bench.PutMatrix(data.Weight, data.Outputs, data.Inputs), bias, y, Activation.Silu);
        Assert.Equal(bench.Get(y), data.Run(bench, data.Weight, bias, Activation.Silu));
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void A_window_of_one_pixel_is_a_linear_map(string set)
    {
        using var bench = new Workbench(set);
        Tensor x = bench.Take(2, 3, 4, 5), y = bench.Take(2, 3, 4, 6);
        Matrix weight = bench.PutMatrix(new float[30], 6, 5);
        OpInfo op = Assert.Single(bench.Device.List(() => bench.Device.Convolution(x, weight, default, y, Window.Square(1))));
        Assert.Equal((nameof(Device.Linear), 2L * 24 * 30), (op.Name, op.Flops));
        Matrix wide = bench.PutMatrix(new float[6 * 45], 6, 45);
        OpInfo other = Assert.Single(bench.Device.List(() => bench.Device.Convolution(x, wide, default, y, Window.Square(3, padding: 1))));
        Assert.Equal((nameof(Device.Convolution), 2L * 24 * 6 * 45, 4L * (120 + 270 + 144)), (other.Name, other.Flops, other.Bytes));
    }

    // x and y are channels of images that are wider by a gap.
    private static void CheckInteger(Workbench bench, Shape shape, int outputs, Window window, int gap)
    {
        int inputs = window.Pixels * shape[3], height = window.OutputHeight(shape[1]), width = window.OutputWidth(shape[2]);
        float[] values = Whole(1, (int)shape.Count), weight = Whole(2, outputs * inputs), bias = Whole(3, outputs);
        float[] wide = [.. values.Chunk(shape[3]).SelectMany(pixel => (float[])[.. Enumerable.Repeat(float.NaN, gap), .. pixel])];
        Tensor x = bench.Put(wide, shape[0], shape[1], shape[2], shape[3] + gap).SliceChannels(gap, shape[3]);
        Tensor y = bench.Take(shape[0], height, width, outputs + gap);
        bench.Device.Convolution(x, bench.PutMatrix(weight, outputs, inputs), bench.Put(bias, outputs), y.SliceChannels(gap, outputs), window);
        float[] expected = Reference.Convolution<float>(values, shape, weight, bias, window), actual = bench.Get(y);
        Assert.Equal(expected, actual.Where((_, i) => i % (outputs + gap) >= gap));
        Assert.All(actual.Where((_, i) => i % (outputs + gap) < gap), value => Assert.Equal(float.NaN, value));

        static float[] Whole(int seed, int count) => Array.ConvertAll(RandomData.Integers(seed, count, 17), v => v - 8f);
    }
}
