using L2c.Model.Metrics;

namespace L2c.Model.Tests.Metrics;

/// <summary>The features as their definition says them, in double precision, without layout or vectors.</summary>
internal static class NaiveFeatures
{
    private static readonly (int Inputs, int Outputs, int Kernel)[] _layers = [(3, 32, 5), (32, 64, 3), (64, 128, 3)];

    /// <summary>Features of one image [C,H,W].</summary>
    /// <param name="image">Row-major.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="fault">What to add to every weight of the last layer: 0, but for a planted fault.</param>
    public static double[] Of(ReadOnlySpan<float> image, int channels, int height, int width, double fault = 0)
    {
        double[,,] map = new double[3, height, width];
        for (int c = 0; c < 3; c++)
        {
            for (int i = 0; i < height * width; i++)
            {
                map[c, i / width, i % width] = Math.Clamp(image[(channels == 1 ? 0 : c * height * width) + i], -1f, 1f);
            }
        }

        List<double> features = [];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            (int inputs, int outputs, int kernel) = _layers[layer];
            double[] weights = [.. StridedConvolution.Weights(layer, inputs, outputs, kernel).Select(w => w + (layer == 2 ? fault : 0))];
            map = Convolve(map, weights, outputs, kernel);
            Summarise(map, features);
        }

        return [.. features];
    }

    private static double[,,] Convolve(double[,,] map, double[] weights, int outputs, int kernel)
    {
        int inputs = map.GetLength(0), height = map.GetLength(1), width = map.GetLength(2);
        double[,,] result = new double[outputs, (height + 1) / 2, (width + 1) / 2];
        for (int o = 0; o < outputs; o++)
        {
            for (int y = 0; y < result.GetLength(1); y++)
            {
                for (int x = 0; x < result.GetLength(2); x++)
                {
                    double sum = 0;
                    for (int c = 0; c < inputs; c++)
                    {
                        for (int tap = 0; tap < kernel * kernel; tap++)
                        {
                            int row = (2 * y) + (tap / kernel) - (kernel / 2), column = (2 * x) + (tap % kernel) - (kernel / 2);
                            if (row >= 0 && row < height && column >= 0 && column < width)
                            {
                                sum += map[c, row, column] * weights[(((o * inputs) + c) * kernel * kernel) + tap];
                            }
                        }
                    }

                    result[o, y, x] = Math.Max(sum, 0);
                }
            }
        }

        return result;
    }

    private static void Summarise(double[,,] map, List<double> features)
    {
        double[][] channels = [.. Enumerable.Range(0, map.GetLength(0)).Select(c =>
            Enumerable.Range(0, map.GetLength(1) * map.GetLength(2)).Select(i => map[c, i / map.GetLength(2), i % map.GetLength(2)]).ToArray())];
        features.AddRange(channels.Select(values => values.Average()));
        features.AddRange(channels.Select(values => Math.Sqrt(values.Average(value => Math.Pow(value - values.Average(), 2)))));
    }
}
