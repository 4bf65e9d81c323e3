using System.Runtime.CompilerServices;

namespace L2c.Native;

/// <summary>A call of cuBLASLt failed: the message has the call, the vendor's name of the status and its number.</summary>
public sealed class CublasLtException : Exception
{
    /// <summary>Describes a failed call.</summary>
    /// <param name="status">The status that the call returned.</param>
    /// <param name="call">The vendor's name of the function.</param>
    /// <param name="detail">What the status alone does not say, as the shape; or null.</param>
    public CublasLtException(cublasStatus_t status, string call, string? detail = null)
        : base($"{call}: {(Enum.IsDefined(status) ? status.ToString() : "unknown status")} ({(int)status}){(detail is null ? "" : $"; {detail}")}")
    {
        Status = status;
        Call = call;
    }

    /// <summary>The status that the call returned.</summary>
    public cublasStatus_t Status { get; }

    /// <summary>The vendor's name of the function that failed.</summary>
    public string Call { get; }
}

/// <summary>What every caller of <see cref="ICublasLt"/> needs.</summary>
public static class CublasLtExtensions
{
    /// <summary>Throws when a call failed: <c>cublasLt.Check(cublasLt.cublasLtDestroy(handle))</c>.</summary>
    /// <param name="cublasLt">The library that was called; the exception needs nothing of it.</param>
    /// <param name="status">The status that it returned.</param>
    /// <param name="call">Filled in by the compiler with the call's own source text.</param>
    /// <exception cref="CublasLtException">The status is not <see cref="cublasStatus_t.CUBLAS_STATUS_SUCCESS"/>.</exception>
    public static void Check(this ICublasLt cublasLt, cublasStatus_t status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        _ = cublasLt;
        if (status != cublasStatus_t.CUBLAS_STATUS_SUCCESS)
        {
            throw new CublasLtException(status, CudaDriverExtensions.FunctionOf(call));
        }
    }
}
