using L2c.Native;

namespace L2c.Emulation;

/// <summary>The status codes that the emulated driver can return beyond <see cref="CUresult"/>'s, and the vendor's name and text for each.</summary>
/// <remarks>Source: CUDA driver API, <c>cudaError_enum</c>.</remarks>
internal static class CudaErrors
{
    public const CUresult InvalidImage = (CUresult)200;
    public const CUresult IllegalState = (CUresult)401;
    public const CUresult CaptureImplicit = (CUresult)906;
    public const CUresult CapturedEvent = (CUresult)907;
    public const CUresult CaptureWrongThread = (CUresult)908;

    private static readonly Dictionary<CUresult, (string Name, string Text)> _known = new()
    {
        [CUresult.CUDA_SUCCESS] = ("CUDA_SUCCESS", "no error"),
        [CUresult.CUDA_ERROR_INVALID_VALUE] = ("CUDA_ERROR_INVALID_VALUE", "invalid argument"),
        [CUresult.CUDA_ERROR_OUT_OF_MEMORY] = ("CUDA_ERROR_OUT_OF_MEMORY", "out of memory"),
        [CUresult.CUDA_ERROR_NOT_INITIALIZED] = ("CUDA_ERROR_NOT_INITIALIZED", "initialization error"),
        [CUresult.CUDA_ERROR_NO_DEVICE] = ("CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"),
        [CUresult.CUDA_ERROR_INVALID_DEVICE] = ("CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"),
        [InvalidImage] = ("CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"),
        [CUresult.CUDA_ERROR_INVALID_CONTEXT] = ("CUDA_ERROR_INVALID_CONTEXT", "invalid device context"),
        [CUresult.CUDA_ERROR_INVALID_PTX] = ("CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"),
        [CUresult.CUDA_ERROR_INVALID_HANDLE] = ("CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"),
        [IllegalState] = ("CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"),
        [CUresult.CUDA_ERROR_NOT_FOUND] = ("CUDA_ERROR_NOT_FOUND", "named symbol not found"),
        [CUresult.CUDA_ERROR_NOT_READY] = ("CUDA_ERROR_NOT_READY", "device not ready"),
        [CUresult.CUDA_ERROR_ILLEGAL_ADDRESS] = ("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"),
        [CUresult.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES] = ("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"),
        [CUresult.CUDA_ERROR_MISALIGNED_ADDRESS] = ("CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"),
        [CUresult.CUDA_ERROR_LAUNCH_FAILED] = ("CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"),
        [CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED] =
            ("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"),
        [CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED] =
            ("CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"),
        [CaptureImplicit] = ("CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing blocking stream"),
        [CapturedEvent] = ("CUDA_ERROR_CAPTURED_EVENT", "operation not permitted on an event last recorded in a capturing stream"),
        [CaptureWrongThread] = ("CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "attempt to terminate a thread-local capture sequence from another thread"),
    };

    public static bool TryGet(CUresult status, out (string Name, string Text) error) => _known.TryGetValue(status, out error);

    /// <summary>What a context returns for good after a fault. Races and reads of unwritten memory go unseen on hardware; here they fail.</summary>
    public static CUresult Of(FaultKind kind) => kind switch
    {
        FaultKind.OutOfBounds or FaultKind.Freed => CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
        FaultKind.Misaligned => CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
        _ => CUresult.CUDA_ERROR_LAUNCH_FAILED,
    };
}
