namespace L2c.Kernels.Cuda;

/// <summary>Whether tensors allow 16-byte accesses.</summary>
internal static class Alignment16
{
    /// <summary>Whether every row of every tensor given starts at a multiple of 16 bytes.</summary>
    public static bool Holds(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            if (!tensor.IsNone && (tensor.Address % 16 != 0 || (tensor.Rows > 1 && (long)tensor.RowStride * tensor.DType.Size() % 16 != 0)))
            {
                return false;
            }
        }

        return true;
    }
}
