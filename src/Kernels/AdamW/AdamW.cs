namespace L2c.Kernels;

/// <summary>Columns of the vector that <see cref="Device.AdamW"/> reads: what may change from step to step.</summary>
public enum AdamWCoefficient
{
    /// <summary>Learning rate.</summary>
    LearningRate,
    /// <summary>1 - beta1, from double precision: a beta near 1 rounded to fp32 has few digits left of this.</summary>
    OneMinusBeta1,
    /// <summary>1 - beta2.</summary>
    OneMinusBeta2,
    /// <summary>Added to the root of the second moment.</summary>
    Epsilon,
    /// <summary>Decay per step, before the learning rate.</summary>
    WeightDecay,
    /// <summary>1 / (1 - beta1^step).</summary>
    Correction1,
    /// <summary>1 / sqrt(1 - beta2^step).</summary>
    Correction2,
    /// <summary>1 - d of ema = d ema + (1 - d) w; ignored without a moving average.</summary>
    OneMinusEmaDecay,
    /// <summary>What the gradient is multiplied by: 1, or what <see cref="Device.ClipNorm"/> writes here.</summary>
    GradientScale,
    /// <summary>How many there are.</summary>
    Count,
}

public abstract partial class Device
{
    /// <summary>One step of AdamW and of a moving average, in place:
    /// <code>
    /// g   = GradientScale gradient
    /// w   = w - lr decay w
    /// m   = m + (1 - beta1) (g - m)
    /// v   = beta2 v + (1 - beta2) g^2
    /// w   = w - lr Correction1 m / (sqrt(v) Correction2 + epsilon)
    /// ema = ema + (1 - d) (w - ema)
    /// </code></summary>
    /// <param name="weights">[P] F32, contiguous.</param>
    /// <param name="gradients">[P] F32.</param>
    /// <param name="firstMoment">[P] F32, m.</param>
    /// <param name="secondMoment">[P] F32, v.</param>
    /// <param name="average">[P] F32; none without one.</param>
    /// <param name="coefficients">[<see cref="AdamWCoefficient.Count"/>] F32, read at replay time.</param>
    /// <remarks>
    /// Traffic  7 P elements, 9 with the average.
    /// Source   Loshchilov and Hutter 2019, algorithm 2, in the form of torch.optim.AdamW.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void AdamW(Tensor weights, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor average, Tensor coefficients)
    {
        const string Op = nameof(AdamW);
        foreach (Tensor tensor in (ReadOnlySpan<Tensor>)[gradients, firstMoment, secondMoment, average.IsNone ? weights : average])
        {
            Require(tensor.Shape.Count == weights.Shape.Count, Op, $"{tensor.Shape} does not match weights {weights.Shape}");
            Require(tensor.DType == DType.F32 && tensor.IsContiguous, Op, $"{tensor.Shape} {tensor.DType} must be F32, contiguous");
        }

        Require(weights.DType == DType.F32 && weights.IsContiguous, Op, $"weights {weights.Shape} {weights.DType} must be F32, contiguous");
        const int Count = (int)AdamWCoefficient.Count;
        bool coefficientsFit = coefficients.DType == DType.F32 && coefficients.Shape.Count == Count && coefficients.Rows == 1;
        Require(coefficientsFit, Op, $"coefficients {coefficients.Shape} {coefficients.DType} must be [{Count}] F32");
        AdamWCore(weights, gradients, firstMoment, secondMoment, average, coefficients);
    }

    /// <summary>The device's form of <see cref="AdamW"/>; shapes have been checked.</summary>
    protected abstract void AdamWCore(
        Tensor weights, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor average, Tensor coefficients);
}
