using L2c.Kernels;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c;

/// <summary>How the program looks for CUDA devices and opens one: with the vendor's libraries, or with what a test puts in their place.</summary>
/// <param name="Probe">Lists libraries and devices; see <see cref="CudaInventory.Probe()"/>.</param>
/// <param name="Open">Opens the device of that number.</param>
public sealed record CudaAccess(Func<CudaInventory> Probe, Func<int, CudaPrecision, CudaOptions, CudaDevice> Open)
{
    /// <summary>The machine's own.</summary>
    public static CudaAccess Libraries { get; } = new(
        CudaInventory.Probe, (ordinal, precision, options) => new CudaDevice(ordinal, precision, options));

    /// <summary>Why a device cannot be used: one line, with what was looked for and what to do. Null when it can.</summary>
    /// <param name="ordinal">Its number.</param>
    public string? FindProblem(int ordinal) => FindProblem(Probe(), ordinal);

    /// <inheritdoc cref="FindProblem(int)"/>
    /// <param name="inventory">What <see cref="Probe"/> found.</param>
    /// <param name="ordinal">Its number.</param>
    public static string? FindProblem(CudaInventory inventory, int ordinal)
    {
        if ((inventory.Driver.Problem ?? inventory.CublasLt.Problem) is { } problem)
        {
            return problem;
        }

        if (ordinal >= inventory.Devices.Count)
        {
            return $"the driver has {string.Join(", ", inventory.Devices.Select(d => $"cuda:{d.Ordinal} {d.Name}"))}; give one of them";
        }

        try
        {
            _ = PtxTarget.For(inventory.Devices[ordinal].ComputeCapability);
            return null;
        }
        catch (CudaUnavailableException e)
        {
            return e.Message;
        }
    }
}
