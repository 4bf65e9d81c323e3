using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Which way, and in which order a patch holds its values.</summary>
internal enum PatchesDirection
{
    /// <summary>Image to patches (c, p, q).</summary>
    Patchify,
    /// <summary>Patches (p, q, c) to image.</summary>
    Unpatchify,
    /// <summary>Image to patches (p, q, c).</summary>
    UnpatchifyBackward,
}

/// <summary>What <see cref="Device.Patchify"/>, <see cref="Device.Unpatchify"/> or <see cref="Device.UnpatchifyBackward"/> was called with.</summary>
internal readonly record struct PatchesArguments(Tensor Image, Tensor Patches, int PatchSize, int LeadingTokens, PatchesDirection Direction)
    : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new PatchesOp(this);
}

/// <summary>All three gathers, some rows of patches per tile: copies, nothing to compute.</summary>
/// <remarks>A line of pixels runs through all patches of a row; one table of offsets into them serves every line, channel and image.</remarks>
internal sealed unsafe class PatchesOp : CpuOp
{
    private const int ElementsPerTile = 8 * 1024;

    private readonly float* _image;
    private readonly float* _patches;
    private readonly PatchesDirection _direction;
    private readonly int _patch;
    private readonly int _images;
    private readonly int _channels;
    private readonly int _height;
    private readonly int _width;
    private readonly int _leading; // elements before an image's patches
    private readonly int _patchRows;
    private readonly int _patchRowsPerTile;
    private readonly int[] _offsets; // of pixel w = j P + q of a line: patch j, element q of the line's part of it

    public PatchesOp(PatchesArguments arguments)
    {
        Shape image = arguments.Image.Shape, patches = arguments.Patches.Shape;
        _image = (float*)arguments.Image.Address;
        _patches = (float*)arguments.Patches.Address;
        (_direction, _patch) = (arguments.Direction, arguments.PatchSize);
        (_images, _channels, _height, _width) = (image[0], image[1], image[2], image[3]);
        _patchRows = patches[0] * (_height / _patch);
        _patchRowsPerTile = Math.Max(1, ElementsPerTile / (_width * _patch * _channels));
        Name = _direction.ToString();
        _leading = arguments.LeadingTokens * patches.Columns;
        int size = patches.Columns, step = _direction == PatchesDirection.Patchify ? 1 : _channels;
        _offsets = [.. Enumerable.Range(0, _width).Select(w => (w / _patch * size) + (w % _patch * step))];
        Tiles = (_patchRows + _patchRowsPerTile - 1) / _patchRowsPerTile;
        Bytes = 2 * patches.Count * sizeof(float);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int Tiles { get; }

    /// <inheritdoc/>
    public override long Bytes { get; }

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int perImage = _height / _patch, perRow = _width * _patch * _channels;
        int end = Math.Min((tile + 1) * _patchRowsPerTile, _patchRows);
        for (int row = tile * _patchRowsPerTile; row < end; row++)
        {
            float* patches = _patches + (long)row * perRow + (long)(row / perImage + 1) * _leading;
            if (row % perImage == 0 && _direction != PatchesDirection.Unpatchify)
            {
                new Span<float>(patches - _leading, _leading).Clear();
            }

            float* image = _image + ((long)(row / perImage % _images) * _channels * _height + row % perImage * _patch) * _width;
            for (int c = 0; c < _channels; c++)
            {
                for (int p = 0; p < _patch; p++)
                {
                    float* line = image + ((long)c * _height + p) * _width;
                    switch (_direction)
                    {
                        case PatchesDirection.Patchify: Scatter(line, patches + (c * _patch + p) * _patch); break;
                        case PatchesDirection.Unpatchify: Gather(patches + p * _patch * _channels + c, line); break;
                        default: Scatter(line, patches + p * _patch * _channels + c); break;
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scatter(float* line, float* patches)
    {
        int[] offsets = _offsets;
        for (int w = 0; w < offsets.Length; w++)
        {
            patches[offsets[w]] = line[w];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gather(float* patches, float* line)
    {
        int[] offsets = _offsets;
        for (int w = 0; w < offsets.Length; w++)
        {
            line[w] = patches[offsets[w]];
        }
    }
}
