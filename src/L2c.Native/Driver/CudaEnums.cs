namespace L2c.Native;

/// <summary>Driver status codes that this code base names; every other code still prints the driver's own name and text.</summary>
/// <remarks>Source: CUDA driver API, <c>cudaError_enum</c>.</remarks>
public enum CUresult
{
    /// <summary>No error.</summary>
    CUDA_SUCCESS = 0,

    /// <summary>An argument is out of range.</summary>
    CUDA_ERROR_INVALID_VALUE = 1,

    /// <summary>Not enough memory for the operation.</summary>
    CUDA_ERROR_OUT_OF_MEMORY = 2,

    /// <summary><c>cuInit</c> was not called.</summary>
    CUDA_ERROR_NOT_INITIALIZED = 3,

    /// <summary>The driver has no CUDA device.</summary>
    CUDA_ERROR_NO_DEVICE = 100,

    /// <summary>No device has that ordinal.</summary>
    CUDA_ERROR_INVALID_DEVICE = 101,

    /// <summary>No context is current, or it is not valid.</summary>
    CUDA_ERROR_INVALID_CONTEXT = 201,

    /// <summary>The PTX text did not compile; the JIT log says why.</summary>
    CUDA_ERROR_INVALID_PTX = 218,

    /// <summary>A handle is not valid, or of another context.</summary>
    CUDA_ERROR_INVALID_HANDLE = 400,

    /// <summary>No symbol of that name in the module.</summary>
    CUDA_ERROR_NOT_FOUND = 500,

    /// <summary>An event has not been passed yet.</summary>
    CUDA_ERROR_NOT_READY = 600,

    /// <summary>A kernel read or wrote memory outside any allocation. The context is lost.</summary>
    CUDA_ERROR_ILLEGAL_ADDRESS = 700,

    /// <summary>A launch asked for more threads, registers or shared memory than there are.</summary>
    CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,

    /// <summary>A kernel accessed memory at an address that its width does not divide. The context is lost.</summary>
    CUDA_ERROR_MISALIGNED_ADDRESS = 716,

    /// <summary>A kernel failed in another way. The context is lost.</summary>
    CUDA_ERROR_LAUNCH_FAILED = 719,

    /// <summary>The call is forbidden while the stream is recorded.</summary>
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,

    /// <summary>A forbidden call has invalidated the recording.</summary>
    CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901,
}

/// <summary>What <see cref="ICudaDriver.cuDeviceGetAttribute"/> can be asked for.</summary>
/// <remarks>Source: CUDA driver API, <c>CUdevice_attribute_enum</c>.</remarks>
public enum CUdevice_attribute
{
    /// <summary>Largest dynamic shared memory of a block that a kernel can opt in to, in bytes.</summary>
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,

    /// <summary>Streaming multiprocessors.</summary>
    CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,

    /// <summary>The 9 of sm_90.</summary>
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,

    /// <summary>The 0 of sm_90.</summary>
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
}

/// <summary>What <see cref="ICudaDriver.cuFuncGetAttribute"/> and <see cref="ICudaDriver.cuFuncSetAttribute"/> can name.</summary>
/// <remarks>Source: CUDA driver API, <c>CUfunction_attribute_enum</c>.</remarks>
public enum CUfunction_attribute
{
    /// <summary>Largest block that the kernel can be launched with, in threads.</summary>
    CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,

    /// <summary>Statically allocated shared memory per block, in bytes.</summary>
    CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1,

    /// <summary>Local memory (stack and spills) per thread, in bytes.</summary>
    CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 3,

    /// <summary>Registers per thread.</summary>
    CU_FUNC_ATTRIBUTE_NUM_REGS = 4,

    /// <summary>Largest dynamic shared memory of a launch, in bytes; must be set before a launch asks for more than 48 KiB.</summary>
    CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
}

/// <summary>Options of <see cref="ICudaDriver.cuModuleLoadDataEx"/>; each has one pointer-sized value.</summary>
/// <remarks>Source: CUDA driver API, <c>CUjit_option_enum</c>.</remarks>
public enum CUjit_option
{
    /// <summary>Address of a buffer for compiler errors.</summary>
    CU_JIT_ERROR_LOG_BUFFER = 5,

    /// <summary>In: that buffer's size in bytes. Out: bytes written.</summary>
    CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6,
}

/// <summary>Flags of <see cref="ICudaDriver.cuStreamCreate"/>.</summary>
/// <remarks>Source: CUDA driver API, <c>CUstream_flags_enum</c>.</remarks>
public enum CUstream_flags
{
    /// <summary>The stream waits for the null stream and the other way round.</summary>
    CU_STREAM_DEFAULT = 0,

    /// <summary>The stream does not synchronise with the null stream.</summary>
    CU_STREAM_NON_BLOCKING = 1,
}

/// <summary>Flags of <see cref="ICudaDriver.cuEventCreate"/>.</summary>
/// <remarks>Source: CUDA driver API, <c>CUevent_flags_enum</c>.</remarks>
public enum CUevent_flags
{
    /// <summary>An event that can be timed.</summary>
    CU_EVENT_DEFAULT = 0,

    /// <summary>An event that only marks: cheaper.</summary>
    CU_EVENT_DISABLE_TIMING = 2,
}

/// <summary>Which calls are forbidden, and to whom, while a stream is recorded.</summary>
/// <remarks>Source: CUDA driver API, <c>CUstreamCaptureMode_enum</c>.</remarks>
public enum CUstreamCaptureMode
{
    /// <summary>Potentially unsafe calls fail in every thread.</summary>
    CU_STREAM_CAPTURE_MODE_GLOBAL = 0,

    /// <summary>Potentially unsafe calls fail in this thread.</summary>
    CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1,

    /// <summary>No call is forbidden for being unsafe.</summary>
    CU_STREAM_CAPTURE_MODE_RELAXED = 2,
}

/// <summary>Markers in the <c>extra</c> list of <see cref="ICudaDriver.cuLaunchKernel"/>.</summary>
/// <remarks>Source: CUDA driver API, macros <c>CU_LAUNCH_PARAM_*</c>.</remarks>
public static class CudaLaunchParam
{
    /// <summary><c>CU_LAUNCH_PARAM_END</c>: closes the list.</summary>
    public const nint End = 0;

    /// <summary><c>CU_LAUNCH_PARAM_BUFFER_POINTER</c>: the next entry is the address of the packed parameters.</summary>
    public const nint BufferPointer = 1;

    /// <summary><c>CU_LAUNCH_PARAM_BUFFER_SIZE</c>: the next entry is the address of their size, a <c>size_t</c>.</summary>
    public const nint BufferSize = 2;
}
