using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The norm of a gradient and what keeps it within a bound; the formula stands at <see cref="Device.ClipNorm"/>.</summary>
/// <remarks>
/// Shapes   gradients: [P] fp32, contiguous. parts: [P / 8192] fp32, rounded up. norm and scale: one fp32 each.
/// Numbers  fp32. A thread adds the squares of every 256th value of a part, ascending, then come the warps; of the parts the same: the order depends
///          on P alone. Root and quotient are correctly rounded.
/// Traffic  P elements, read once.
/// Launch   parts: grid [P / 8192], 256 threads; joining: one block of 256. 32 bytes of static shared memory each.
/// Source   Pascanu, Mikolov and Bengio 2013, section 3.2, in the form of torch.nn.utils.clip_grad_norm_.
/// </remarks>
internal static unsafe class ClipNormKernel
{
    /// <summary>Values of a part.</summary>
    public const int PartLength = 8192;

    /// <summary>Sums of parts; its tensors are fp32 in every precision.</summary>
    public static readonly KernelTemplate Parts = new(typeof(ClipNormKernel), nameof(Squares), BlockSum.Threads);

    /// <summary>The parts joined.</summary>
    public static readonly KernelTemplate Joining = new(typeof(ClipNormKernel), nameof(Join), BlockSum.Threads);

    /// <summary>Block p adds the squares of part p.</summary>
    public static void Squares(ulong gradients, ulong parts, long count)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(BlockSum.Warps);
        long first = (long)Grid.IdxX * PartLength, rest = count - first;
        int length = rest < PartLength ? (int)rest : PartLength;
        float sum = 0;
        for (int i = Group.IdxX; i < length; i += BlockSum.Threads)
        {
            float value = ((float*)gradients)[first + i];
            sum = Fp32.MultiplyAdd(value, value, sum);
        }

        sum = BlockSum.Of(sum, shared);
        if (Group.IdxX == 0)
        {
            ((float*)parts)[Grid.IdxX] = sum;
        }
    }

    /// <summary>One block joins the parts.</summary>
    public static void Join(ulong parts, int count, float most, ulong norm, ulong scale)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(BlockSum.Warps);
        float sum = 0;
        for (int i = Group.IdxX; i < count; i += BlockSum.Threads)
        {
            sum += ((float*)parts)[i];
        }

        float root = Fp32.SquareRoot(BlockSum.Of(sum, shared)), divisor = root + Device.ClipEpsilon;
        if (Group.IdxX == 0)
        {
            *(float*)norm = root;
            *(float*)scale = divisor <= most ? 1 : Fp32.Divide(most, divisor);
        }
    }
}
