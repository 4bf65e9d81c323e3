using ILGPU.Runtime.Cuda;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>What a kernel is compiled for: an architecture, and the oldest PTX version that knows it, so that the oldest possible driver accepts the
/// text.</summary>
public sealed class PtxTarget
{
    private PtxTarget(string name, CudaArchitecture architecture, CudaInstructionSet instructionSet)
    {
        Name = name;
        Architecture = architecture;
        InstructionSet = instructionSet;
    }

    /// <summary>Ampere and Ada; PTX ISA 7.0, CUDA 11.0.</summary>
    public static PtxTarget Sm80 { get; } = new("sm_80", CudaArchitecture.SM_80, CudaInstructionSet.ISA_70);

    /// <summary>Hopper and newer; PTX ISA 7.8, CUDA 11.8.</summary>
    public static PtxTarget Sm90 { get; } = new("sm_90", CudaArchitecture.SM_90, CudaInstructionSet.ISA_78);

    /// <summary>As in the PTX <c>.target</c> line.</summary>
    public string Name { get; }

    internal CudaArchitecture Architecture { get; }

    internal CudaInstructionSet InstructionSet { get; }

    /// <summary>The newest target that a device runs.</summary>
    /// <param name="computeCapability">9.0 for sm_90.</param>
    /// <exception cref="CudaUnavailableException">The device is older than sm_80.</exception>
    public static PtxTarget For(Version computeCapability) => computeCapability.Major switch
    {
        >= 9 => Sm90,
        8 => Sm80,
        _ => throw new CudaUnavailableException(
            $"device: compute capability {computeCapability} is too old; L2c needs 8.0 (Ampere) or newer"),
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}
