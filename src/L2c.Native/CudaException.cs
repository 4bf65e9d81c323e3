using System.Runtime.CompilerServices;

namespace L2c.Native;

/// <summary>A driver call failed: the message has the call, the vendor's name, number and text for the error, and the JIT log where there is
/// one.</summary>
public sealed class CudaException : Exception
{
    /// <summary>Describes a failed call.</summary>
    /// <param name="driver">Asked for the error's name and text.</param>
    /// <param name="result">The status that the call returned.</param>
    /// <param name="call">The vendor's name of the function.</param>
    /// <param name="detail">What the status alone does not say, as the JIT log; or null.</param>
    public CudaException(ICudaDriver driver, CUresult result, string call, string? detail = null)
        : base(Describe(driver, result, call, detail))
    {
        Result = result;
        Call = call;
    }

    /// <summary>The status that the call returned.</summary>
    public CUresult Result { get; }

    /// <summary>The vendor's name of the function that failed.</summary>
    public string Call { get; }

    private static string Describe(ICudaDriver driver, CUresult result, string call, string? detail)
    {
        _ = driver.cuGetErrorName(result, out string? name);
        _ = driver.cuGetErrorString(result, out string? text);
        string message = $"{call}: {name ?? "unknown error"} ({(int)result}): {text ?? "the driver has no text for this code"}";
        return detail is null ? message : $"{message}; {detail}";
    }
}

/// <summary>CUDA cannot be used on this machine: a library, one of its symbols or a device is missing. The message says what was looked for and
/// where.</summary>
/// <param name="message">One line: what is missing; what to do.</param>
public sealed class CudaUnavailableException(string message) : Exception(message);

/// <summary>What every caller of the seam needs.</summary>
public static class CudaDriverExtensions
{
    /// <summary>Throws when a call failed: <c>driver.Check(driver.cuInit(0))</c>.</summary>
    /// <param name="driver">The driver that was called.</param>
    /// <param name="result">The status that it returned.</param>
    /// <param name="call">Filled in by the compiler with the call's own source text.</param>
    /// <exception cref="CudaException">The status is not <see cref="CUresult.CUDA_SUCCESS"/>.</exception>
    public static void Check(this ICudaDriver driver, CUresult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != CUresult.CUDA_SUCCESS)
        {
            throw new CudaException(driver, result, FunctionOf(call));
        }
    }

    // "_driver.cuMemAlloc_v2(out p, bytes)" -> "cuMemAlloc_v2"
    internal static string FunctionOf(string call)
    {
        int end = call.IndexOf('(', StringComparison.Ordinal);
        string path = end < 0 ? call : call[..end];
        return path[(path.LastIndexOf('.') + 1)..];
    }
}
