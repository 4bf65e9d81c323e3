using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using L2c.Native;

namespace L2c.Emulation;

// Modules and functions.
public sealed unsafe partial class EmulatedDriver
{
    /// <inheritdoc/>
    /// <remarks>PTX text only: there is no machine code to run.</remarks>
    public CUresult cuModuleLoadDataEx(out CUmodule hmod, ReadOnlySpan<byte> image, ReadOnlySpan<CUjit_option> options, Span<nint> optionValues)
    {
        lock (Gate)
        {
            hmod = default;
            CUresult status = EnterUnsafe(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS || options.Length != optionValues.Length)
            {
                return status != CUresult.CUDA_SUCCESS ? status : CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            status = Compile(image, out PtxModule? module, out string log);
            WriteLog(log, options, optionValues);
            if (module is not null)
            {
                hmod = new CUmodule(context.Objects.Add(new ModuleState(module)));
            }

            return status;
        }
    }

    /// <inheritdoc/>
    public CUresult cuModuleGetFunction(out CUfunction hfunc, CUmodule hmod, string name)
    {
        lock (Gate)
        {
            hfunc = default;
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hmod.Handle, out ModuleState? module))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            if (!module.Functions.TryGetValue(name, out nint handle))
            {
                if (!module.Module.Entries.Any(e => e.Name == name))
                {
                    return CUresult.CUDA_ERROR_NOT_FOUND;
                }

                handle = context.Objects.Add(new FunctionState(module, module.Module.Entry(name)));
                module.Functions.Add(name, handle);
            }

            hfunc = new CUfunction(handle);
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuModuleUnload(CUmodule hmod)
    {
        lock (Gate)
        {
            CUresult status = EnterUnsafe(out ContextState context);
            status = status == CUresult.CUDA_SUCCESS ? DrainAll(context) : status;
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hmod.Handle, out ModuleState? module))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            module.Loaded = false;
            foreach (nint function in module.Functions.Values)
            {
                _ = context.Objects.Remove<FunctionState>(function);
            }

            _ = context.Objects.Remove<ModuleState>(hmod.Handle);
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuFuncLoad(CUfunction hfunc)
    {
        lock (Gate)
        {
            CUresult status = EnterUnsafe(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hfunc.Handle, out FunctionState? function))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            function.Loaded = true;
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Registers are 0: the interpreter allocates none.</remarks>
    public CUresult cuFuncGetAttribute(out int value, CUfunction_attribute attribute, CUfunction hfunc)
    {
        lock (Gate)
        {
            value = 0;
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hfunc.Handle, out FunctionState? function) || !Enum.IsDefined(attribute))
            {
                return function is null ? CUresult.CUDA_ERROR_INVALID_HANDLE : CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            value = attribute switch
            {
                CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK => function.MaxThreads,
                CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES => function.Entry.StaticSharedBytes,
                CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES => function.Entry.LocalBytes,
                CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES => function.MaxDynamicSharedBytes,
                _ => 0,
            };
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attribute, int value)
    {
        lock (Gate)
        {
            CUresult status = Enter(out ContextState context);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (!context.Objects.TryGet(hfunc.Handle, out FunctionState? function))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            if (attribute != CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
                || value < 0 || value > SharedBytesOptIn - function.Entry.StaticSharedBytes)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            function.MaxDynamicSharedBytes = value;
            return CUresult.CUDA_SUCCESS;
        }
    }

    private CUresult Compile(ReadOnlySpan<byte> image, out PtxModule? module, out string log)
    {
        module = null;
        int end = image.IndexOf((byte)0);
        if (end < 0 || image.StartsWith("\u007FELF"u8))
        {
            log = end < 0 ? "PTX text must end with a NUL" : "the emulator runs PTX text, not machine code";
            return CudaErrors.InvalidImage;
        }

        try
        {
            PtxModule parsed = PtxModule.Parse(Encoding.UTF8.GetString(image[..end]));
            string? refused = parsed.Entries.Select(e => e.Target).FirstOrDefault(t => !Runs(t));
            log = refused is null ? "" : $".target {refused} does not run on sm_{ComputeCapability.Major}{ComputeCapability.Minor}";
            module = refused is null ? parsed : null;
        }
        catch (PtxSyntaxException e)
        {
            log = e.Message;
        }

        return module is null ? CUresult.CUDA_ERROR_INVALID_PTX : CUresult.CUDA_SUCCESS;
    }

    // PTX runs on its target and everything later; with the suffix a (sm_90a) on its target only.
    private bool Runs(string target)
    {
        bool only = target.EndsWith('a');
        int device = ComputeCapability.Major * 10 + ComputeCapability.Minor;
        int asked = int.Parse(target.AsSpan(3, target.Length - 3 - (only ? 1 : 0)), CultureInfo.InvariantCulture);
        return only ? asked == device : asked <= device;
    }

    // The buffer receives what fits, closed with a NUL; the size option becomes the bytes written.
    private static void WriteLog(string log, ReadOnlySpan<CUjit_option> options, Span<nint> values)
    {
        int buffer = options.IndexOf(CUjit_option.CU_JIT_ERROR_LOG_BUFFER);
        int size = options.IndexOf(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
        if (buffer < 0 || size < 0 || values[buffer] == 0 || values[size] <= 0)
        {
            return;
        }

        byte[] text = Encoding.UTF8.GetBytes(log);
        int length = (int)Math.Min(text.Length, values[size] - 1);
        Marshal.Copy(text, 0, values[buffer], length);
        ((byte*)values[buffer])[length] = 0;
        values[size] = length;
    }
}
