using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Random operands of a convolution in a device's storage type, and what it is compared with.</summary>
internal sealed class ConvolutionCase
{
    /// <param name="bench">The device.</param>
    /// <param name="shape">B, H, W, C, O; height, width, stride of the window; padding above, left, below, right.</param>
    public ConvolutionCase(Bench bench, int[] shape)
    {
        X = new Shape(shape[0], shape[1], shape[2], shape[3]);
        Outputs = shape[4];
        Window = new Window(shape[5], shape[6], shape[7], shape[8], shape[9], shape[10], shape[11]);
        Y = new Shape(shape[0], Window.OutputHeight(shape[1]), Window.OutputWidth(shape[2]), Outputs);
        Values = bench.Round(RandomData.Normal(seed: 311, (int)X.Count));
        Weight = bench.Round(RandomData.Normal(seed: 312, Outputs * Inputs, deviation: 1 / Math.Sqrt(Inputs)));
        Bias = bench.Round(RandomData.Normal(seed: 313, Outputs, deviation: 0.5));
        Before = bench.Round(RandomData.Normal(seed: 314, (int)Y.Count));
    }

    public Shape X { get; }

    public Shape Y { get; }

    public int Outputs { get; }

    public int Inputs => Window.Pixels * X[3];

    public Window Window { get; }

    public float[] Values { get; }

    public float[] Weight { get; }

    public float[] Bias { get; }

    public float[] Before { get; }

    /// <summary>The planted fault: the window's pixels in reverse.</summary>
    public float[] Reversed() =>
        [.. Weight.Chunk(Inputs).SelectMany(row => row.Chunk(X[3]).Reverse().SelectMany(pixel => pixel))];

    /// <summary>y from a device.</summary>
    public float[] Run(Bench bench, float[] weight, Tensor bias, Activation activation = Activation.None, bool accumulates = false)
    {
        Tensor x = bench.Put(Values, X[0], X[1], X[2], X[3]), y = bench.Put(Before, Y[0], Y[1], Y[2], Y[3]);
        bench.Device.Convolution(x, bench.PutMatrix(weight, Outputs, Inputs), bias, y, Window, activation, accumulates);
        return bench.Get(y);
    }
}
