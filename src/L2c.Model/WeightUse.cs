namespace L2c.Model;

/// <summary>What loaded weights are to serve: it decides which layouts are kept.</summary>
public enum WeightUse
{
    /// <summary>Forward passes.</summary>
    Inference,
    /// <summary>And input gradients through the blocks, for routers: their matrices and the final layer's are also kept transposed.</summary>
    RouterTraining,
}
