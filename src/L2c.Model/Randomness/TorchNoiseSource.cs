namespace L2c.Model.Randomness;

/// <summary>The noise that the published sampling loop draws from PyTorch's CPU generator, bit for bit (<see cref="TorchGenerator"/>).</summary>
/// <param name="seed">As given to torch.manual_seed.</param>
/// <param name="rowsPerDraw">Rows of the batch that the published loop samples: 2N with guidance in one batch, otherwise N.</param>
/// <remarks>
/// x_T is one torch.randn(N, C, H, W). Every evaluation then draws randn_like of the whole batch of <paramref name="rowsPerDraw"/> rows,
/// also where its coefficient is zero (DDIM with eta 0, the last step); rows N.. are dead state and are dropped here.
/// So the values depend on the batch, and draws must be taken in order 0, 1, 2, ... without leaving one out.
/// The stream starts right after seeding. The published sample.py builds its network between torch.manual_seed and
/// torch.randn, and the initialisers draw from the same generator on a CPU: the same seed there starts further down the stream.
/// Source: DiT sample.py; diffusion/gaussian_diffusion.py p_sample, ddim_sample.
/// </remarks>
public sealed class TorchNoiseSource(ulong seed, int rowsPerDraw) : INoiseSource
{
    private readonly TorchGenerator _generator = new(seed);
    private float[] _batch = [];
    private int _nextDraw;

    /// <inheritdoc/>
    public void Fill(int draw, int imageCount, int elementsPerImage, Span<float> destination)
    {
        INoiseSource.CheckShape(imageCount, elementsPerImage, destination);
        if (imageCount > rowsPerDraw)
        {
            throw new ArgumentException($"torch noise: {imageCount} images, but {rowsPerDraw} rows per draw", nameof(imageCount));
        }

        if (draw != _nextDraw)
        {
            throw new InvalidOperationException(
                $"torch noise is one stream: draw {_nextDraw} is next, but draw {draw} was asked for; a new source starts at draw 0");
        }

        _nextDraw++;
        if (draw == 0 || imageCount == rowsPerDraw)
        {
            _generator.Randn(destination);
            return;
        }

        int batchLength = checked(rowsPerDraw * elementsPerImage);
        if (_batch.Length != batchLength)
        {
            _batch = new float[batchLength];
        }

        _generator.Randn(_batch);
        _batch.AsSpan(0, destination.Length).CopyTo(destination);
    }
}
