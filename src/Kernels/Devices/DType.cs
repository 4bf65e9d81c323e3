namespace L2c.Kernels;

/// <summary>Storage type of a tensor's elements on a device. Accumulation is always fp32.</summary>
public enum DType
{
    /// <summary>IEEE binary32.</summary>
    F32,
    /// <summary>IEEE binary16.</summary>
    F16,
    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,
    /// <summary>Signed 32-bit integer (labels).</summary>
    I32,
}

/// <summary>Sizes of <see cref="DType"/>.</summary>
public static class DTypes
{
    /// <summary>Bytes per element.</summary>
    public static int Size(this DType type) => type is DType.F16 or DType.BF16 ? 2 : 4;
}
