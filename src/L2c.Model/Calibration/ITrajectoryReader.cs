namespace L2c.Model.Calibration;

/// <summary>
/// Reads what an uncached run computes, evaluation by evaluation: the input, the stream before the blocks, what the first branch reads,
/// every branch in order, the stream after them, and the guided output.
/// </summary>
/// <remarks>
/// Spans are valid during the call only. N is the number of images, B the number of rows as the network runs them: with guidance N conditional rows,
/// then N of the null label. T, C, H and W are the network's. All values are fp32, whatever the device stores.
/// </remarks>
public interface ITrajectoryReader
{
    /// <summary>What it is told; the rest is not copied from the device. Asked once a run.</summary>
    TrajectoryStages Stages => TrajectoryStages.All;

    /// <summary>What the network is given.</summary>
    /// <param name="evaluation">From 0, in sampling order.</param>
    /// <param name="x">[N,C_in,H,W].</param>
    void Input(int evaluation, ReadOnlySpan<float> x)
    {
    }

    /// <summary>The stream that enters the first block.</summary>
    /// <param name="evaluation">From 0, in sampling order.</param>
    /// <param name="stream">[B,T,C].</param>
    void StreamBefore(int evaluation, ReadOnlySpan<float> stream)
    {
    }

    /// <summary>What the first branch reads: its norm's output, in a DiT with shift and scale.</summary>
    /// <param name="evaluation">From 0, in sampling order.</param>
    /// <param name="normed">[B,T,C].</param>
    void FirstNormed(int evaluation, ReadOnlySpan<float> normed)
    {
    }

    /// <summary>What a branch computed.</summary>
    /// <param name="evaluation">From 0, in sampling order.</param>
    /// <param name="branch">2 block for attention, 2 block + 1 for the MLP.</param>
    /// <param name="output">[B,T,C], before the gate.</param>
    void Branch(int evaluation, int branch, ReadOnlySpan<float> output)
    {
    }

    /// <summary>The stream that leaves the last block.</summary>
    /// <param name="evaluation">From 0, in sampling order.</param>
    /// <param name="stream">[B,T,C].</param>
    void StreamAfter(int evaluation, ReadOnlySpan<float> stream)
    {
    }

    /// <summary>What the sampler was given: the network's output after guidance.</summary>
    /// <param name="evaluation">From 0, in sampling order.</param>
    /// <param name="guided">[B,C_out,H,W].</param>
    void Output(int evaluation, ReadOnlySpan<float> guided)
    {
    }
}
