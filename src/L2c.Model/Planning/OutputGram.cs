using L2c.Model.Caching;

namespace L2c.Model.Planning;

/// <summary>
/// Inner products of every two outputs of each branch along uncached runs. They say how far any weighted sum of outputs is from the output it stands
/// for: |F_e - sum_k w_k F_k|^2 is a quadratic form of them, so nothing has to be recorded but a sample of each output while its run lasts.
/// </summary>
/// <remarks>
/// Of outputs longer than <see cref="SampleLength"/> that many values are taken, evenly spread, the same ones in every evaluation. Sums are in
/// double precision; several runs add up.
/// </remarks>
internal sealed class OutputGram
{
    /// <summary>Values of an output that are kept.</summary>
    public const int SampleLength = 16384;

    private readonly int _evaluations;
    private readonly float[][] _samples;
    private readonly double[][] _products;

    public OutputGram(int evaluations, int branches)
    {
        _evaluations = evaluations;
        _samples = [.. Enumerable.Repeat<float[]>([], evaluations * branches)];
        _products = [.. Enumerable.Range(0, branches).Select(_ => new double[evaluations * evaluations])];
    }

    /// <summary>Takes a branch's output of the current run; evaluations come in order.</summary>
    public void Add(int evaluation, int branch, ReadOnlySpan<float> output)
    {
        float[] sample = Sample(output);
        _samples[(branch * _evaluations) + evaluation] = sample;
        double[] products = _products[branch];
        for (int e = 0; e <= evaluation; e++)
        {
            double product = Dot(sample, _samples[(branch * _evaluations) + e]);
            products[(evaluation * _evaluations) + e] += product;
            if (e < evaluation)
            {
                products[(e * _evaluations) + evaluation] += product;
            }
        }
    }

    /// <summary>The inner product of two outputs of a branch.</summary>
    public double Product(int branch, int evaluation, int other) => _products[branch][(evaluation * _evaluations) + other];

    /// <summary>|F_e - sum of terms|^2 of the samples.</summary>
    public double SquaredError(int evaluation, int branch, ReadOnlySpan<CacheTerm> terms)
    {
        double[] products = _products[branch];
        double sum = products[(evaluation * _evaluations) + evaluation];
        foreach ((int source, float weight) in terms)
        {
            sum -= 2 * weight * products[(evaluation * _evaluations) + source];
            foreach ((int other, float otherWeight) in terms)
            {
                sum += (double)weight * otherWeight * products[(source * _evaluations) + other];
            }
        }

        // What is left of equal outputs is rounding.
        return Math.Max(0, sum);
    }

    private static float[] Sample(ReadOnlySpan<float> output)
    {
        if (output.Length <= SampleLength)
        {
            return output.ToArray();
        }

        // One value of each stretch; the place in it moves on by the golden section, lest a stretch that divides the width take few channels.
        const double golden = 0.618033988749895;
        float[] sample = new float[SampleLength];
        double stretch = (double)output.Length / SampleLength;
        for (int i = 0; i < sample.Length; i++)
        {
            sample[i] = output[(int)((i + (i * golden % 1)) * stretch)];
        }

        return sample;
    }

    private static double Dot(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum;
    }
}
