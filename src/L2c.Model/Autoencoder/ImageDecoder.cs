using L2c.Kernels;
using L2c.Model.Networks;

namespace L2c.Model.Autoencoder;

/// <summary>Latents to images, batch by batch: planned and recorded once; large images in tiles, so that memory has a bound.</summary>
/// <remarks>
/// Tiles change a picture slightly: the group norms and the attention of a tile see that tile alone. Tiles overlap by a quarter of
/// their side, across which one fades into the next.
/// </remarks>
public sealed class ImageDecoder : IDisposable
{
    /// <summary>Side of the largest latents that are decoded whole unless the caller says otherwise: images of 512 pixels.</summary>
    public const int DefaultTile = 64;

    /// <summary>Side of the smallest tile.</summary>
    public const int SmallestTile = 8;

    private readonly PlannedPass _pass;
    private readonly TileAxis _rows, _columns;
    private readonly int _channels, _factor, _colours;
    private readonly float[] _latents = [], _image = [];

    /// <summary>Plans the decoder for latents of one size.</summary>
    /// <param name="model">Loaded with its decoder.</param>
    /// <param name="batch">Images of a pass, at most.</param>
    /// <param name="latentHeight">h.</param>
    /// <param name="latentWidth">w.</param>
    /// <param name="tile">Side of a tile in latents: a larger side is decoded in tiles of this.</param>
    /// <param name="record">Whether the pass is recorded and replayed.</param>
    /// <exception cref="ArgumentException">No such latents or tiles.</exception>
    public ImageDecoder(AutoencoderModel model, int batch, int latentHeight, int latentWidth, int tile = DefaultTile, bool record = true)
    {
        (_channels, _colours, _factor) = (model.Architecture.LatentChannels, model.Architecture.OutChannels, model.Architecture.Downsampling);
        (_rows, _columns) = (new TileAxis(latentHeight, tile), new TileAxis(latentWidth, tile));
        (Shape latents, Shape images) = Ends(model, batch, _rows.Side, _columns.Side);
        Batch = batch;
        if (Tiles > 1)
        {
            _latents = new float[latents.Count];
            _image = new float[images.Count];
        }

        _pass = new PlannedPass(model, latents, images, Form(model), record);
    }

    /// <summary>Images of a pass, at most.</summary>
    public int Batch { get; }

    /// <summary>Passes per batch: 1 where images are decoded whole.</summary>
    public int Tiles => _rows.Count * _columns.Count;

    /// <summary>L h w.</summary>
    public long LatentsPerImage => (long)_channels * _rows.Length * _columns.Length;

    /// <summary>3 (8h) (8w).</summary>
    public long ElementsPerImage => (long)_colours * _factor * _factor * _rows.Length * _columns.Length;

    /// <summary>Bytes that it takes on the device apart from the weights.</summary>
    public long Bytes => _pass.Bytes;

    /// <summary>Bytes that it takes on the host apart from what it is given.</summary>
    public long HostBytes => sizeof(float) * ((long)_latents.Length + _image.Length);

    /// <summary>What <see cref="Tiles"/> would be.</summary>
    public static int TilesOf(int latentHeight, int latentWidth, int tile) =>
        new TileAxis(latentHeight, tile).Count * new TileAxis(latentWidth, tile).Count;

    /// <summary>The ops of a pass; none where it is not recorded.</summary>
    public IReadOnlyList<OpInfo> Ops => _pass.Ops;

    /// <summary>What <see cref="Bytes"/> and <see cref="HostBytes"/> would be; the model may be one on paper.</summary>
    public static (long Bytes, long HostBytes) CountBytes(
        AutoencoderModel model, int batch, int latentHeight, int latentWidth, int tile = DefaultTile)
    {
        TileAxis rows = new(latentHeight, tile), columns = new(latentWidth, tile);
        (Shape latents, Shape images) = Ends(model, batch, rows.Side, columns.Side);
        return (
            PlannedPass.CountBytes(model.Device, latents, images, Form(model)),
            rows.Count * columns.Count > 1 ? sizeof(float) * (latents.Count + images.Count) : 0);
    }

    /// <summary>The ops of one pass in order, listed on paper; the model may be one on paper.</summary>
    public static IReadOnlyList<OpInfo> ListOps(AutoencoderModel model, int batch, int latentHeight, int latentWidth, int tile = DefaultTile)
    {
        (Shape latents, Shape images) = Ends(model, batch, new TileAxis(latentHeight, tile).Side, new TileAxis(latentWidth, tile).Side);
        return PlannedPass.ListOps(model.Device, latents, images, Form(model));
    }

    /// <summary>Decodes latents.</summary>
    /// <param name="latents">[N,L,h,w] as the diffusion model makes them, N from 1 to <see cref="Batch"/>; they are divided by the scale here.
    /// </param>
    /// <param name="images">Receives [N,3,8h,8w], about -1 to 1 and not clamped.</param>
    /// <param name="afterTile">Called after each of the <see cref="Tiles"/>; null for nobody.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public void Decode(ReadOnlySpan<float> latents, Span<float> images, Action? afterTile = null) => Decode(latents, images, afterTile, null);

    internal void Decode(ReadOnlySpan<float> latents, Span<float> images, Action? afterTile, ForwardTap? tap)
    {
        int count = (int)(latents.Length / LatentsPerImage);
        if (latents.Length != count * LatentsPerImage || images.Length != count * ElementsPerImage || count < 1 || count > Batch)
        {
            throw new ArgumentException(
                $"{latents.Length} values of latents and {images.Length} of images are not those of 1 to {Batch} images ({LatentsPerImage} and "
                + $"{ElementsPerImage} each)");
        }

        if (Tiles == 1)
        {
            _pass.Run(latents, images, tap);
            afterTile?.Invoke();
            return;
        }

        images.Clear();
        for (int row = 0; row < _rows.Count; row++)
        {
            for (int column = 0; column < _columns.Count; column++)
            {
                DecodeTile(latents, images, count, row, column);
                afterTile?.Invoke();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _pass.Dispose();

    private static PassForm Form(AutoencoderModel model) => (latents, images, memory, tap) =>
        new AutoencoderPass(model.Device, memory, tap).Decode(model.Decoder, latents, images);

    private static (Shape Latents, Shape Images) Ends(AutoencoderModel model, int batch, int height, int width)
    {
        int factor = model.Architecture.Downsampling;
        return (
            new Shape(batch, model.Architecture.LatentChannels, height, width),
            new Shape(batch, model.Architecture.OutChannels, checked(factor * height), checked(factor * width)));
    }

    /// <summary>Cuts one tile out of all images, decodes it and adds it with its weights.</summary>
    private void DecodeTile(ReadOnlySpan<float> latents, Span<float> images, int count, int row, int column)
    {
        (int top, int left, int height, int width) = (_rows.Start(row), _columns.Start(column), _rows.Side, _columns.Side);
        Span<float> cut = _latents.AsSpan(0, count * _channels * height * width);
        for (int i = 0; i < count * _channels * height; i++)
        {
            (int plane, int y) = Math.DivRem(i, height);
            int start = (((plane * _rows.Length) + top + y) * _columns.Length) + left;
            latents.Slice(start, width).CopyTo(cut.Slice(i * width, width));
        }

        Span<float> decoded = _image.AsSpan(0, count * _colours * _factor * _factor * height * width);
        _pass.Run(cut, decoded);
        (top, left, height, width) = (_factor * top, _factor * left, _factor * height, _factor * width);
        for (int i = 0; i < count * _colours * height; i++)
        {
            (int plane, int y) = Math.DivRem(i, height);
            float weight = _rows.Weight(row, y, _factor);
            int start = (((plane * _factor * _rows.Length) + top + y) * _factor * _columns.Length) + left;
            ReadOnlySpan<float> source = decoded.Slice(i * width, width);
            Span<float> target = images.Slice(start, width);
            for (int x = 0; x < width; x++)
            {
                target[x] += weight * _columns.Weight(column, x, _factor) * source[x];
            }
        }
    }
}
