namespace L2c;

/// <summary>Counts evaluations of the network, each image by itself; both halves of guidance are one.</summary>
internal sealed class PassCount
{
    /// <summary>So many so far.</summary>
    public long Total { get; private set; }

    /// <summary>Adds some.</summary>
    public void Add(int images, int evaluations) => Total += (long)images * evaluations;
}
