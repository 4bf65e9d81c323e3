namespace L2c.Kernels.Tests;

/// <content>Refusals of the ops that convolutional networks are made of.</content>
public sealed partial class RefusalTests
{
    private static void Convolution(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 5, 6, 4), y = bench.Take(2, 5, 6, 3), flat = bench.Take(2, 5, 24);
        Matrix weight = bench.PutMatrix(new float[3 * 36], 3, 36), pixel = bench.PutMatrix(new float[12], 3, 4);
        Window same = Window.Square(3, padding: 1);
        Refuse("x [2, 5, 24] and y [2, 5, 6, 3] must be [B,H,W,C]", flat, weight, default, y, same);
        Refuse("x [2, 5, 6, 4] and y [2, 5, 24] must be [B,H,W,C]", x, weight, default, flat, same);
        Refuse("y [2, 5, 6, 3] is not what window 3 x 3, stride 1, padding 0 0 0 0 makes of x [2, 5, 6, 4]", x, weight, default, y, Window.Square(3));
        Refuse("y [2, 5, 6, 3] is not what window 3 x 3, stride 2", x, weight, default, y, Window.Square(3, 2, 1));
        Refuse("y [2, 5, 6, 3] is not what", bench.Take(1, 5, 6, 4), weight, default, y, same);
        Refuse("window 3 x 3, stride 0, padding 1 1 1 1: sizes and stride must be at least 1", x, weight, default, y, Window.Square(3, 0, 1));
        Refuse("window 0 x 0", x, weight, default, y, Window.Square(0));
        Refuse("window 3 x 3, stride 1, padding 3 0 0 0", x, weight, default, y, new Window(3, 3, 1, 3));
        Refuse("window 3 x 3, stride 1, padding 0 -1 0 0", x, weight, default, y, new Window(3, 3, 1, 0, -1));
        Refuse("weight [3, 4] does not match x [2, 5, 6, 4], y [2, 5, 6, 3] and window 3 x 3", x, pixel, default, y, same);
        Refuse("weight [3, 36] does not match x [2, 5, 6, 4]", x, weight, default, y, Window.Square(1));
        Refuse("weight [3, 36] does not match x [2, 5, 6, 4], y [2, 5, 6, 4]", x, weight, default, bench.Take(2, 5, 6, 4), same);
        Refuse("bias [4] does not match weight [3, 36]", x, weight, bench.Take(4), y, same);
        refused("SliceChannels: [2, 5, 24] must be [B,H,W,C]", () => flat.SliceChannels(0, 1));

        void Refuse(string start, Tensor from, Matrix by, Tensor offset, Tensor to, Window window) =>
            refused("Convolution: " + start, () => bench.Device.Convolution(from, by, offset, to, window));
    }

    private static void ConvolutionOnTheCpu(Bench bench, Bench other, Refused refused)
    {
        Tensor x = bench.Take(1, 2, 2, 1), y = bench.Take(1, 2, 2, 1);
        Matrix foreign = other.PutMatrix(new float[9], 1, 9);
        refused("Convolution: weight [1, 9] is not on", () => bench.Device.Convolution(x, foreign, default, y, Window.Square(3, padding: 1)));
    }

    private static void GroupNorm(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 3, 6), other = bench.Take(2, 3, 3, 7), c = bench.Take(6), flat = bench.Take(2, 9, 6);
        Refuse("x [2, 3, 3, 6] and y [2, 3, 3, 7] must be the same [B,H,W,C], contiguous", x, c, c, other, 3);
        Refuse("x [2, 9, 6] and y [2, 9, 6] must be", flat, c, c, flat, 3);
        Refuse("x [2, 3, 3, 6] and y [2, 3, 3, 6] must be the same", other.SliceChannels(0, 6), c, c, x, 3);
        Refuse("x [2, 3, 3, 6] and y [2, 3, 3, 6] must be the same", x, c, c, other.SliceChannels(0, 6), 3);
        Refuse("4 groups do not divide C of x [2, 3, 3, 6]", x, c, c, x, 4);
        Refuse("0 groups do not divide C of x [2, 3, 3, 6]", x, c, c, x, 0);
        Refuse("gamma [7] and beta [6] do not match x [2, 3, 3, 6]", x, bench.Take(7), c, x, 3);
        Refuse("gamma [6] and beta [7] do not match x [2, 3, 3, 6]", x, c, bench.Take(7), x, 3);

        void Refuse(string start, Tensor from, Tensor gamma, Tensor beta, Tensor to, int groups) =>
            refused("GroupNorm: " + start, () => bench.Device.GroupNorm(from, gamma, beta, to, groups, 1e-6f));
    }

    private static void Pooling(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 5, 6, 4), y = bench.Take(2, 2, 3, 4);
        refused("Pooling: x [2, 5, 6, 4] does not match y [2, 2, 3, 5]", () => bench.Device.Pooling(x, bench.Take(2, 2, 3, 5), Window.Square(2, 2), Pool.Max));
        refused("Pooling: y [2, 2, 3, 4] is not what window 3 x 3", () => bench.Device.Pooling(x, y, Window.Square(3, 2), Pool.Average));
        refused("Pooling: window 2 x 2, stride 2, padding 2 2 2 2", () => bench.Device.Pooling(x, y, Window.Square(2, 2, 2), Pool.Average));
    }

    private static void Upsample(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 4, 5);
        Refuse("y [2, 6, 4, 5] is not [B,F H,F W,C] of x [2, 3, 4, 5]", 2, 6, 4, 5);
        Refuse("y [2, 7, 8, 5] is not", 2, 7, 8, 5);
        Refuse("y [2, 6, 8, 6] is not", 2, 6, 8, 6);
        Refuse("y [1, 6, 8, 5] is not", 1, 6, 8, 5);
        Refuse("y [2, 6, 8] is not", 2, 6, 8);

        void Refuse(string start, params int[] extents) => refused("Upsample: " + start, () => bench.Device.Upsample(x, bench.Take(extents)));
    }
}
