using L2c.Kernels;
using L2c.Model.Networks;

namespace L2c.Model.Autoencoder;

/// <summary>Images to moments of latents, batch by batch: planned and recorded once.</summary>
public sealed class ImageEncoder : IDisposable
{
    private readonly PlannedPass _pass;

    /// <summary>Plans the encoder for images of one size.</summary>
    /// <param name="model">Loaded with its encoder.</param>
    /// <param name="batch">Images of a pass, at most.</param>
    /// <param name="height">H, a multiple of <see cref="L2c.Weights.Layouts.VaeArchitecture.Downsampling"/>.</param>
    /// <param name="width">W, likewise.</param>
    /// <param name="record">Whether the pass is recorded and replayed.</param>
    /// <exception cref="ArgumentException">No such images.</exception>
    public ImageEncoder(AutoencoderModel model, int batch, int height, int width, bool record = true)
    {
        (Shape images, Shape moments) = Ends(model, batch, height, width);
        Batch = batch;
        ElementsPerImage = images.Count / batch;
        MomentsPerImage = moments.Count / batch;
        _pass = new PlannedPass(model, images, moments, Form(model), record);
    }

    /// <summary>Images of a pass, at most.</summary>
    public int Batch { get; }

    /// <summary>3 H W.</summary>
    public long ElementsPerImage { get; }

    /// <summary>2L (H/8) (W/8).</summary>
    public long MomentsPerImage { get; }

    /// <summary>Bytes that it takes on the device apart from the weights.</summary>
    public long Bytes => _pass.Bytes;

    /// <summary>What <see cref="Bytes"/> would be; the model may be one on paper.</summary>
    public static long CountBytes(AutoencoderModel model, int batch, int height, int width)
    {
        (Shape images, Shape moments) = Ends(model, batch, height, width);
        return PlannedPass.CountBytes(model.Device, images, moments, Form(model));
    }

    /// <summary>Encodes images.</summary>
    /// <param name="images">[N,3,H,W] in [-1, 1], N from 1 to <see cref="Batch"/>.</param>
    /// <param name="moments">Receives [N,2L,H/8,W/8]: means, then logarithms of variances, not scaled; see <see cref="LatentMoments"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public void Encode(ReadOnlySpan<float> images, Span<float> moments) => Encode(images, moments, null);

    internal void Encode(ReadOnlySpan<float> images, Span<float> moments, ForwardTap? tap)
    {
        if (images.Length / ElementsPerImage != moments.Length / MomentsPerImage)
        {
            throw new ArgumentException($"{images.Length} values of images do not fit {moments.Length} of moments");
        }

        _pass.Run(images, moments, tap);
    }

    /// <inheritdoc/>
    public void Dispose() => _pass.Dispose();

    private static PassForm Form(AutoencoderModel model) => (images, moments, memory, tap) =>
        new AutoencoderPass(model.Device, memory, tap).Encode(model.Encoder, images, moments);

    private static (Shape Images, Shape Moments) Ends(AutoencoderModel model, int batch, int height, int width)
    {
        int factor = model.Architecture.Downsampling;
        return height % factor == 0 && width % factor == 0
            ? (new Shape(batch, model.Architecture.InChannels, height, width),
                new Shape(batch, model.MomentChannels, height / factor, width / factor))
            : throw new ArgumentException($"{height} x {width} pixels: the autoencoder takes multiples of {factor}");
    }
}
