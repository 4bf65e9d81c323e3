namespace L2c.Kernels;

/// <summary>What <see cref="Device.Patchify"/> (to patches) or <see cref="Device.Unpatchify"/> (from patches) was called with.</summary>
internal readonly record struct PatchesArguments(Tensor Image, Tensor Patches, int PatchSize, bool ToPatches) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new PatchesOp(this);
}

/// <summary>Both gathers, one row of one image's patches per tile: copies, nothing to compute, too small to matter beside a block.</summary>
internal sealed unsafe class PatchesOp(PatchesArguments arguments) : CpuOp
{
    private readonly float* _image = (float*)arguments.Image.Address;
    private readonly float* _patches = (float*)arguments.Patches.Address;
    private readonly bool _toPatches = arguments.ToPatches;
    private readonly int _patch = arguments.PatchSize;
    private readonly int _images = arguments.Image.Shape[0];
    private readonly int _channels = arguments.Image.Shape[1];
    private readonly int _height = arguments.Image.Shape[2];
    private readonly int _width = arguments.Image.Shape[3];
    private readonly int _rows = arguments.Image.Shape[2] / arguments.PatchSize;
    private readonly int _columns = arguments.Image.Shape[3] / arguments.PatchSize;

    /// <inheritdoc/>
    public override string Name => _toPatches ? nameof(Device.Patchify) : nameof(Device.Unpatchify);

    /// <inheritdoc/>
    public override int Tiles { get; } = arguments.Patches.Shape[0] * (arguments.Image.Shape[2] / arguments.PatchSize);

    /// <inheritdoc/>
    public override long Bytes { get; } = 2 * arguments.Patches.Shape.Count * sizeof(float);

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int batch = tile / _rows, i = tile % _rows;
        int size = _channels * _patch * _patch;
        float* patches = _patches + ((long)batch * _rows + i) * _columns * size;
        for (int c = 0; c < _channels; c++)
        {
            for (int p = 0; p < _patch; p++)
            {
                float* line = _image + (((long)(batch % _images) * _channels + c) * _height + i * _patch + p) * _width;
                for (int j = 0; j < _columns; j++, line += _patch)
                {
                    float* patch = patches + j * size;
                    if (_toPatches)
                    {
                        Buffer.MemoryCopy(line, patch + (c * _patch + p) * _patch, _patch * sizeof(float), _patch * sizeof(float));
                    }
                    else
                    {
                        for (int q = 0; q < _patch; q++)
                        {
                            line[q] = patch[(p * _patch + q) * _channels + c];
                        }
                    }
                }
            }
        }
    }
}
