namespace L2c.Native;

/// <summary>The seam to cuBLASLt, with the vendor's names. A library of its own: a machine can have the driver and lack this one.</summary>
/// <remarks>Source: cuBLAS documentation, chapter cuBLASLt API.</remarks>
public interface ICublasLt
{
    /// <summary>The library's version as one number, which <see cref="CublasLtVersion.Parse"/> takes apart. Needs no device.</summary>
    nuint cublasLtGetVersion();
}

/// <summary>The encoding of cuBLAS version numbers.</summary>
public static class CublasLtVersion
{
    /// <summary>110902 is 11.9.2 and 130002 is 13.0.2 (10000·major + 100·minor + patch); up to 11.7 the major version was multiplied by 1000: 11605
    /// is 11.6.5.</summary>
    /// <remarks>Source: <c>CUBLAS_VERSION</c> in cublas_api.h of cuBLAS 11.6, 11.9 and 12.3.</remarks>
    public static Version Parse(nuint value)
    {
        int v = checked((int)value);
        int radix = v < 100_000 ? 1000 : 10_000;
        return new Version(v / radix, v % radix / 100, v % 100);
    }
}
