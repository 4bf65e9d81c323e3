using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Native;

/// <summary>The one device of this process. Both libraries are this file, so that the matrix library finds the driver's streams and memory.</summary>
internal static class Gpu
{
    private static readonly ConcurrentDictionary<string, nint> _texts = new();
    private static DeviceFault? _told;

    /// <summary>The driver. Like the vendor's it returns the status of a fault, and with CUDA_LAUNCH_BLOCKING=1 runs work at once.</summary>
    public static EmulatedDriver Driver { get; } = new()
    {
        ThrowOnFault = false,
        LaunchBlocking = Environment.GetEnvironmentVariable("CUDA_LAUNCH_BLOCKING") == "1",
    };

    /// <summary>The matrix library: version 12 beside a driver for CUDA 13, as Python environments have them.</summary>
    public static EmulatedCublasLt CublasLt { get; } = new(Driver) { Version = 120901 };

    /// <summary>Passes a status on; a fault that was not told yet goes to standard error first, since a status says little.</summary>
    public static CUresult Tell(CUresult status)
    {
        TellFault();
        return status;
    }

    /// <inheritdoc cref="Tell(CUresult)"/>
    public static cublasStatus_t Tell(cublasStatus_t status)
    {
        TellFault();
        return status;
    }

    /// <summary>A text as C has it, at an address that stays: the caller never frees it.</summary>
    public static nint Text(string? text) => text is null ? 0 : _texts.GetOrAdd(text, Marshal.StringToCoTaskMemUTF8);

    private static void TellFault()
    {
        if (Driver.LastFault is { } fault && !ReferenceEquals(Interlocked.Exchange(ref _told, fault), fault))
        {
            Console.Error.WriteLine($"emulated GPU: {fault.Message}");
        }
    }
}
