namespace L2c.Model.Training;

/// <summary>What a training step keeps for every trained parameter.</summary>
public enum ParameterState
{
    /// <summary>The parameters.</summary>
    Weights,
    /// <summary>Gradient of the last step.</summary>
    Gradient,
    /// <summary>AdamW's first moment.</summary>
    FirstMoment,
    /// <summary>AdamW's second moment.</summary>
    SecondMoment,
    /// <summary>The moving average of the parameters.</summary>
    Average,
}
