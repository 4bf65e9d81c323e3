namespace L2c.Model.Training;

/// <summary>Moves the penalty's weight until a given share of branches is reused: a proportional-integral controller on ln lambda.</summary>
/// <remarks>
/// <code>
/// e       = target - share, after each optimisation step
/// s       = s + 4 lr e                       lr: learning rate, since a logit needs about 1 / lr steps to move by 1
/// lambda  = lambda0 exp(s + 2 e)             within 1e-9 .. 1; s stays where lambda0 exp(s) is within
/// </code>
/// Our own; the published method has a constant lambda.
/// </remarks>
internal sealed class LambdaControl
{
    private const double Integral = 4, Proportional = 2, Least = 1e-9, Most = 1;
    private readonly double _initial, _target, _learningRate;

    /// <param name="initial">lambda0, within 1e-9 .. 1.</param>
    /// <param name="target">Share of cache evaluations' branches to reuse, 0 to 1.</param>
    /// <param name="learningRate">lr.</param>
    /// <exception cref="ArgumentException">lambda0 is outside its bounds.</exception>
    public LambdaControl(double initial, double target, double learningRate)
    {
        if (!(initial is >= Least and <= Most))
        {
            throw new ArgumentException($"lambda {initial}: with a target for the reuse it begins within {Least} and {Most}");
        }

        (_initial, _target, _learningRate, Lambda) = (initial, target, learningRate, initial);
    }

    /// <summary>s: all that a state must keep beside <see cref="Lambda"/>.</summary>
    public double Sum { get; set; }

    /// <summary>The weight for the next step.</summary>
    public double Lambda { get; set; }

    /// <summary>Looks at the share after a step.</summary>
    public void Update(double share)
    {
        double error = _target - share;
        Sum = Math.Clamp(Sum + (Integral * _learningRate * error), Math.Log(Least / _initial), Math.Log(Most / _initial));
        Lambda = Math.Clamp(_initial * Math.Exp(Sum + (Proportional * error)), Least, Most);
    }
}
