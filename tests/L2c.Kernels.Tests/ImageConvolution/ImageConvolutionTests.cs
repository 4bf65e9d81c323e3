using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ImageConvolutionTests
{
    // B, C, O, H, W: smallest; U-ViT's last layer at 256 pixels, smaller on CUDA; awkward, with other channels and lines beyond whole vectors.
    public static TheoryData<string, int[]> Cases =>
    [
        .. DeviceCases.Of<int[]>(DeviceCases.Cpu, [[1, 1, 1, 1, 1], [2, 4, 4, 32, 32], [3, 5, 2, 7, 19]]),
        .. DeviceCases.Of<int[]>(DeviceCases.Stored, [[1, 1, 1, 1, 1], [1, 4, 4, 16, 16], [3, 5, 2, 7, 19]]),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_as_accurate_as_naive_fp32(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(bench, shape);
        double[] exact = Reference.ImageConvolution<double>(data.X, data.Weight, data.Bias, data.Channels, data.Height, data.Width);
        float[] naive = Reference.ImageConvolution<float>(data.X, data.Weight, data.Bias, data.Channels, data.Height, data.Width);
        Tolerance.TimesNaive(2).Check(Run(data.Weight, bench.Put(data.Bias, data.Outputs)), exact, naive);
        Tolerance.TimesNaive(2).MustReject(Run(data.Weight, default), exact, naive);
        if (data.Height > 1)
        {
            // Planted fault: taps in reverse, as a convolution in the word's strict sense.
            Tolerance.TimesNaive(2).MustReject(Run(data.Reversed(), bench.Put(data.Bias, data.Outputs)), exact, naive);
        }

        float[] Run(float[] weight, Tensor bias)
        {
            Tensor y = bench.TakeState(data.Batch, data.Outputs, data.Height, data.Width);
            Tensor x = bench.PutState(data.X, data.Batch, data.Channels, data.Height, data.Width);
            bench.Device.ImageConvolution(x, bench.Put(weight, data.Outputs, data.Channels, 3, 3), bias, y);
            return bench.Get(y);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Its_gradient_is_as_accurate_as_naive_fp32(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(bench, shape);
        double[] exact = Reference.ImageConvolutionBackward<double>(data.Dy, data.Weight, data.Channels, data.Height, data.Width);
        float[] naive = Reference.ImageConvolutionBackward<float>(data.Dy, data.Weight, data.Channels, data.Height, data.Width);
        Tolerance.TimesNaive(2).Check(Run(data.Weight), exact, naive);
        float[] faulty = [.. data.Weight];
        faulty[4] += 0.5f; // the tap that meets its own pixel, which every image has
        Tolerance.TimesNaive(2).MustReject(Run(faulty), exact, naive);
        if (data.Height > 1)
        {
            Tolerance.TimesNaive(2).MustReject(Run(data.Reversed()), exact, naive);
        }

        float[] Run(float[] weight)
        {
            Tensor dx = bench.TakeState(data.Batch, data.Channels, data.Height, data.Width);
            Tensor dy = bench.PutState(data.Dy, data.Batch, data.Outputs, data.Height, data.Width);
            bench.Device.ImageConvolutionBackward(dy, bench.Put(weight, data.Outputs, data.Channels, 3, 3), dx);
            return bench.Get(dx);
        }
    }

    private sealed class Case
    {
        public Case(Bench bench, int[] shape)
        {
            (Batch, Channels, Outputs, Height, Width) = (shape[0], shape[1], shape[2], shape[3], shape[4]);
            X = RandomData.Normal(seed: 181, Batch * Channels * Height * Width);
            Dy = RandomData.Normal(seed: 182, Batch * Outputs * Height * Width);
            Weight = bench.Round(RandomData.Normal(seed: 183, Outputs * Channels * 9, deviation: 1 / Math.Sqrt(Channels * 9)));
            Bias = bench.Round(RandomData.Normal(seed: 184, Outputs));
        }

        public int Batch { get; }

        public int Channels { get; }

        public int Outputs { get; }

        public int Height { get; }

        public int Width { get; }

        public float[] X { get; }

        public float[] Dy { get; }

        public float[] Weight { get; }

        public float[] Bias { get; }

        public float[] Reversed() => [.. Weight.Chunk(9).SelectMany(taps => taps.Reverse())];
    }
}
