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
    /// The state that the sampler's update after the evaluation leads to (no guidance; eta 0): squared difference of that state, which is that of
    /// epsilon times the square of the update's weight of epsilon, reduced as the recipe says. Variance channels, which such a step never reads, do not count. Not published.
    /// </summary>
    NextState,
}
