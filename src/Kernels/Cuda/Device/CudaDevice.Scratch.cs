using L2c.Native;

namespace L2c.Kernels;

// Memory for what an op keeps between its own kernels. Ops run one after another on one stream, so they share it.
public sealed unsafe partial class CudaDevice
{
    private const long SmallestScratch = 1 << 16;

    // The last is the largest. Those before are kept, because recorded graphs may hold their addresses.
    private readonly List<(CUdeviceptr Address, long Bytes)> _scratch = [];

    /// <inheritdoc/>
    /// <remarks>At most four times the largest request, or 64 KiB.</remarks>
    public override long ScratchBytes => _scratch.Sum(block => block.Bytes);

    /// <summary>Memory that holds nothing yet and keeps what an op writes until that op's last kernel. Grown while an op is prepared or enqueued,
    /// never while it is recorded; on paper there is none.</summary>
    /// <param name="op">Who asks.</param>
    /// <param name="bytes">How much.</param>
    private CUdeviceptr Scratch(string op, long bytes)
    {
        if (_onPaper)
        {
            return default;
        }

        if (_scratch.Count == 0 || _scratch[^1].Bytes < bytes)
        {
            RequireLoadable(op);
            long size = Math.Max(SmallestScratch, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)bytes));
            CUresult result = _driver.cuMemAlloc_v2(out CUdeviceptr address, (nuint)size);
            if (result != CUresult.CUDA_SUCCESS)
            {
                throw new CudaException(_driver, result, nameof(_driver.cuMemAlloc_v2), $"{size >> 10} KiB for {op}; use a smaller batch");
            }

            _scratch.Add((address, size));
        }

        return _scratch[^1].Address;
    }

    private void FreeScratch()
    {
        foreach ((CUdeviceptr address, _) in _scratch)
        {
            _ = _driver.cuMemFree_v2(address);
        }

        _scratch.Clear();
    }
}
