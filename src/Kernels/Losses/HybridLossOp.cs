using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.HybridLoss"/> was called with.</summary>
internal readonly record struct HybridLossArguments(Tensor Output, Tensor Noise, Tensor X0, Tensor Xt, Tensor Table, Tensor DOutput, Tensor Losses)
    : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new HybridLossOp<V>(this);
}

/// <summary>Both losses and the gradient of one image per tile.</summary>
/// <remarks>
/// With d = log p's variance - log q's, the divergence is (d + (exp(-d) - 1) + exp(-log variance) (difference of means)^2) / 2. The means share the
/// term in x_t, which is left out of their difference. Timestep 0 comes once in all timesteps: its images take a path of their own,
/// <see cref="GridLikelihood"/>.
/// </remarks>
internal sealed unsafe class HybridLossOp<V>(HybridLossArguments arguments) : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly HybridLossArguments _arguments = arguments;
    private readonly int _images = arguments.X0.Shape[0];
    private readonly int _size = (int)(arguments.X0.Shape.Count / arguments.X0.Shape[0]);

    /// <inheritdoc/>
    public override string Name => nameof(Device.HybridLoss);

    /// <inheritdoc/>
    public override int Tiles => _images;

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * 7L * _images * _size;

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        long at = (long)tile * _size;
        float* eps = (float*)_arguments.Output.Address + 2 * at, dEps = (float*)_arguments.DOutput.Address + 2 * at;
        float* noise = (float*)_arguments.Noise.Address + at, x0 = (float*)_arguments.X0.Address + at, xt = (float*)_arguments.Xt.Address + at;
        float* table = (float*)_arguments.Table.Address + tile * (int)HybridLossColumn.Count;
        float* losses = (float*)_arguments.Losses.Address + 2 * tile;

        // The bound first: it reads eps, which the gradient may overwrite.
        double bits = table[(int)HybridLossColumn.IsFirst] == 0 ? Divergence(eps, x0, xt, table, dEps) : Likelihood(eps, x0, xt, table, dEps);
        losses[1] = (float)(bits / _size);
        losses[0] = MeanSquare(eps, noise, dEps, table[(int)HybridLossColumn.ErrorWeight]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float MeanSquare(float* eps, float* noise, float* dEps, float weight)
    {
        V scale = V.Broadcast(weight * (2f / ((float)_images * _size))), sum = default;
        for (int i = 0; i < _size; i += V.Count)
        {
            int count = _size - i;
            V difference = Partial.Load<V>(eps + i, count) - Partial.Load<V>(noise + i, count);
            sum = V.MultiplyAdd(difference, difference, sum);
            Partial.Store(scale * difference, dEps + i, count);
        }

        return V.Sum(sum) / _size;
    }

    /// <summary>Sum over the image in bits; writes the gradient of v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Divergence(float* eps, float* x0, float* xt, float* table, float* dEps)
    {
        float range = table[(int)HybridLossColumn.MaxLogVariance] - table[(int)HybridLossColumn.MinLogVariance];
        V halfRange = V.Broadcast(0.5f * range), min = V.Broadcast(table[(int)HybridLossColumn.MinLogVariance]);
        V xToX0 = V.Broadcast(table[(int)HybridLossColumn.XToX0]), epsToX0 = V.Broadcast(table[(int)HybridLossColumn.EpsToX0]);
        V meanX0 = V.Broadcast(table[(int)HybridLossColumn.MeanX0]), zero = V.Broadcast(0f), one = V.Broadcast(1f), sum = default;
        V scale = V.Broadcast(0.25f * range / (MathF.Log(2) * _images * _size));
        float* v = eps + _size, dV = dEps + _size;
        for (int i = 0; i < _size; i += V.Count)
        {
            int count = _size - i;

            // Lanes beyond the image: v = -1 and means that agree, so they add nothing.
            V d = (Partial.Load<V>(v + i, count, -1) + one) * halfRange;
            V predicted = xToX0 * Partial.Load<V>(xt + i, count) - epsToX0 * Partial.Load<V>(eps + i, count);
            V difference = meanX0 * (Partial.Load<V>(x0 + i, count) - predicted);
            V square = difference * difference * Elementary.Exp(zero - (min + d)), ratio = Elementary.ExpMinusOne(zero - d);
            sum += d + ratio + square;
            Partial.Store(scale * (zero - (ratio + square)), dV + i, count);
        }

        return V.Sum(sum) * 0.5 / Math.Log(2);
    }

    /// <summary>As <see cref="Divergence"/>, for the data's likelihood at timestep 0.</summary>
    private double Likelihood(float* eps, float* x0, float* xt, float* table, float* dEps)
    {
        double min = table[(int)HybridLossColumn.MinLogVariance], range = table[(int)HybridLossColumn.MaxLogVariance] - min, sum = 0;
        double scale = 0.5 * range / (Math.Log(2) * _images * _size);
        float* v = eps + _size, dV = dEps + _size;
        for (int i = 0; i < _size; i++)
        {
            double predicted = (double)table[(int)HybridLossColumn.XToX0] * xt[i] - (double)table[(int)HybridLossColumn.EpsToX0] * eps[i];
            double mean = table[(int)HybridLossColumn.MeanX0] * predicted + (double)table[(int)HybridLossColumn.MeanX] * xt[i];
            sum += GridLikelihood.NegativeLog(x0[i], mean, min + 0.5 * (v[i] + 1.0) * range, out double slope);
            dV[i] = (float)(scale * slope);
        }

        return sum / Math.Log(2);
    }
}
