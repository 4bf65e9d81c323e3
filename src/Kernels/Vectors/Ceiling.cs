namespace L2c.Kernels;

/// <summary>Division that rounds up.</summary>
internal static class Ceiling
{
    /// <summary>Parts of so many that a total is cut into, the last of them perhaps smaller; of so many parts, the size of each.</summary>
    public static int Divide(int total, int part) => (total + part - 1) / part;
}
