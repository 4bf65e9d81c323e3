namespace L2c.Model.Training;

/// <summary>Moves the penalty's weight until a given share of branches is reused: a proportional-integral controller on ln lambda that looks ahead.
/// </summary>
/// <remarks>
/// <code>
/// a       = a + lr (share - a)               after each optimisation step, from a = the first share; lr: the learning rate, at most 1
/// e       = target - (share + share - a)     the share that is to be expected 1 / lr steps on: about what a logit needs to move by 1
/// s       = s + 4 lr e
/// lambda  = lambda0 exp(s + 2 e)             within 1e-9 .. 1; s stays where lambda0 exp(s) is within
/// </code>
/// Our own; the published method has a constant lambda.
/// </remarks>
internal sealed class LambdaControl
{
    private const double Integral = 4, Proportional = 2, Min = 1e-9, Max = 1;
    private readonly double _initial, _target, _rate;

    /// <param name="initial">lambda0, within 1e-9 .. 1.</param>
    /// <param name="target">Share of cache evaluations' branches to reuse, 0 to 1.</param>
    /// <param name="learningRate">lr.</param>
    /// <exception cref="ArgumentException">lambda0 is outside its bounds.</exception>
    public LambdaControl(double initial, double target, double learningRate)
    {
        if (!(initial is >= Min and <= Max))
        {
            throw new ArgumentException($"lambda {initial}: with a target for the reuse it begins within {Min} and {Max}");
        }

        (_initial, _target, _rate) = (initial, target, Math.Min(learningRate, 1));
        State = [0, double.NaN, initial];
    }

    /// <summary>s, a (NaN before the first share) and lambda: what a state file holds of this. Restored by copying into it.</summary>
    public double[] State { get; }

    /// <summary>The weight for the next step.</summary>
    public double Lambda => State[2];

    /// <summary>Looks at the share after a step.</summary>
    public void Update(double share)
    {
        double mean = double.IsNaN(State[1]) ? share : State[1] + (_rate * (share - State[1]));
        double error = _target - (share + share - mean);
        double sum = Math.Clamp(State[0] + (Integral * _rate * error), Math.Log(Min / _initial), Math.Log(Max / _initial));
        (State[0], State[1], State[2]) = (sum, mean, Math.Clamp(_initial * Math.Exp(sum + (Proportional * error)), Min, Max));
    }
}
