namespace L2c.Model.Training;

/// <summary>By what student and teacher are compared when a router is trained.</summary>
public enum RouterLoss
{
    /// <summary>
    /// The network's output: mean squared difference over all its channels, those of the variance included. As published (Learning-to-Cache,
    /// equation 6).
    /// </summary>
    Output,

    /// <summary>
    /// The state that the evaluation's DDIM step (eta 0, no guidance) leads to: mean squared difference of x, which is that of epsilon times the
    /// square of the step's weight of epsilon. Variance channels, which such a step never reads, do not count. Not published.
    /// </summary>
    NextState,
}
