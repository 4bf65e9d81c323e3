using L2c.Kernels;

namespace L2c.Model.Training;

/// <summary>What a step of AdamW is told each time.</summary>
/// <param name="Step">1 for the first.</param>
/// <param name="LearningRate">Learning rate.</param>
/// <param name="EmaDecay">d of average = d average + (1 - d) weights.</param>
public readonly record struct OptimizerStep(long Step, double LearningRate, double EmaDecay = 0.9999)
{
    /// <summary>beta1.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>beta2.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decay per step, before the learning rate; 0 as published.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Writes the vector that <see cref="Device.AdamW"/> reads.</summary>
    internal void Fill(Span<float> coefficients)
    {
        coefficients[(int)AdamWCoefficient.LearningRate] = (float)LearningRate;
        coefficients[(int)AdamWCoefficient.OneMinusBeta1] = (float)(1 - Beta1);
        coefficients[(int)AdamWCoefficient.OneMinusBeta2] = (float)(1 - Beta2);
        coefficients[(int)AdamWCoefficient.Epsilon] = (float)Epsilon;
        coefficients[(int)AdamWCoefficient.WeightDecay] = (float)WeightDecay;
        coefficients[(int)AdamWCoefficient.Correction1] = (float)(1 / (1 - Math.Pow(Beta1, Step)));
        coefficients[(int)AdamWCoefficient.Correction2] = (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, Step)));
        coefficients[(int)AdamWCoefficient.OneMinusEmaDecay] = (float)(1 - EmaDecay);
        coefficients[(int)AdamWCoefficient.GradientScale] = 1;
    }
}
