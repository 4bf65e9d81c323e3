using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>The inputs of a training step, checked and uploaded. Allocates nothing after its creation.</summary>
internal sealed class NetworkTrainingInputs
{
    private readonly float[] _noised, _times, _lossTable, _coefficients;

    private NetworkTrainingInputs(Arena arena, NetworkInfo network, int batch)
    {
        TransformerArchitecture a = network.Architecture;
        Process = network.Process.Respace(Respacing.Select(NoiseSchedule.TrainingTimesteps));
        X0 = Image();
        Noise = Image();
        Noised = Image();
        LossTable = arena.Take(DType.F32, batch, (int)HybridLossColumn.Count);
        Coefficients = arena.Take(DType.F32, (int)AdamWCoefficient.Count);
        _noised = new float[Noised.Shape.Count];
        _times = new float[batch];
        _lossTable = new float[LossTable.Shape.Count];
        _coefficients = new float[Coefficients.Shape.Count];

        Tensor Image() => arena.Take(DType.F32, batch, a.InChannels, a.InputSize, a.InputSize);
    }

    /// <summary>The network's process at all its timesteps, which index it.</summary>
    public NoiseSchedule Process { get; }

    /// <summary>The data, [B,C,H,W].</summary>
    public Tensor X0 { get; }

    /// <summary>[B,C,H,W].</summary>
    public Tensor Noise { get; }

    /// <summary>[B,C,H,W].</summary>
    public Tensor Noised { get; }

    /// <summary>[B, columns of <see cref="HybridLossColumn"/>] F32.</summary>
    public Tensor LossTable { get; }

    /// <summary>[columns of <see cref="AdamWCoefficient"/>] F32.</summary>
    public Tensor Coefficients { get; }

    /// <summary>Carves room.</summary>
    /// <param name="arena">Where.</param>
    /// <param name="network">What is trained.</param>
    /// <param name="batch">B.</param>
    /// <param name="minSnrGamma">See <see cref="MinSnrGamma"/>.</param>
    public static NetworkTrainingInputs Take(Arena arena, NetworkInfo network, int batch, double? minSnrGamma) =>
        new(arena, network, batch) { MinSnrGamma = minSnrGamma };

    /// <summary>gamma of <see cref="MinSnr"/>; null for weights of 1.</summary>
    public double? MinSnrGamma { get; init; }

    /// <summary>Noises the data and uploads everything.</summary>
    /// <exception cref="ArgumentException">A span of another length, or a timestep or the number of the step out of range.</exception>
    public void Set(
        Device device,
        NetworkMemory network,
        ReadOnlySpan<float> x0,
        ReadOnlySpan<float> noise,
        ReadOnlySpan<int> labels,
        ReadOnlySpan<int> timesteps,
        in OptimizerStep optimizer)
    {
        int batch = _times.Length, image = _noised.Length / batch;
        TrainingInputs.RequireLength(x0.Length, _noised.Length, "values of data");
        TrainingInputs.RequireLength(noise.Length, _noised.Length, "values of noise");
        TrainingInputs.RequireLength(timesteps.Length, batch, "timesteps");
        TrainingInputs.RequireBelow(timesteps, Process.Count, "timestep");
        ArgumentOutOfRangeException.ThrowIfLessThan(optimizer.Step, 1);
        for (int row = 0; row < batch; row++)
        {
            int first = row * image, t = timesteps[row];
            Process.AddNoise(t, x0.Slice(first, image), noise.Slice(first, image), _noised.AsSpan(first, image));
            _times[row] = t;
            FillLossRow(t, _lossTable.AsSpan(row * (int)HybridLossColumn.Count, (int)HybridLossColumn.Count));
        }

        optimizer.Fill(_coefficients);
        device.Upload(X0, x0);
        device.Upload(Noise, noise);
        device.Upload(Noised, _noised);
        device.Upload(network.Labels, labels);
        network.SetTimes(device, _times);
        device.Upload(LossTable, _lossTable);
        device.Upload(Coefficients, _coefficients);
    }

    private void FillLossRow(int t, Span<float> row)
    {
        row[(int)HybridLossColumn.XToX0] = (float)Process.SqrtRecipAlphasCumprod[t];
        row[(int)HybridLossColumn.EpsToX0] = (float)Process.SqrtRecipm1AlphasCumprod[t];
        row[(int)HybridLossColumn.MeanX0] = (float)Process.PosteriorMeanCoef1[t];
        row[(int)HybridLossColumn.MeanX] = (float)Process.PosteriorMeanCoef2[t];
        row[(int)HybridLossColumn.MinLogVariance] = (float)Process.PosteriorLogVarianceClipped[t];
        row[(int)HybridLossColumn.MaxLogVariance] = (float)Math.Log(Process.Betas[t]);
        row[(int)HybridLossColumn.IsFirst] = t == 0 ? 1 : 0;
        row[(int)HybridLossColumn.ErrorWeight] = (float)MinSnr.Weight(Process, t, MinSnrGamma);
    }
}
