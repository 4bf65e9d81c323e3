using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation)
    {
        const string Op = nameof(GroupNorm);
        RequireType(Op, StorageType, x, gamma, beta, y);
        int images = x.Shape[0], pixels = x.Rows / images, channels = x.Columns, width = channels / groups;
        int parts = Blocks(pixels, GroupStatisticsKernel.Pixels), count = RequireInt32(Op, x) / images;
        Require(
            images <= MaxGridExtent && parts <= MaxGridExtent, Op,
            $"x {x.Shape} has too many images or pixels (at most {MaxGridExtent} and {MaxGridExtent * GroupStatisticsKernel.Pixels} each)");
        BeginOp(Op, flops: 0, bytes: ((3 * x.Shape.Count) + (2 * channels)) * StorageType.Size());

        // What is joined comes before the parts.
        bool isWhole = parts == 1;
        long groupBytes = 2L * images * groups * sizeof(float);
        CUdeviceptr statistics = Scratch(Op, groupBytes * (isWhole ? 1 : 1 + parts));
        CUdeviceptr sums = isWhole ? statistics : new(statistics.Value + (ulong)groupBytes);
        bool isFast = channels % Float8.Count == 0 && (width % Float8.Count == 0 || width == Float8.Count / 2)
            && Alignment16.Holds(x, gamma, beta, y);

        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(x));
        parameters.Add(sums);
        parameters.Add(pixels);
        parameters.Add(channels);
        parameters.Add(groups);
        parameters.Add(epsilon);
        Launch(
            isFast ? GroupStatisticsKernel.Fast : GroupStatisticsKernel.Plain,
            new LaunchSize(isFast && width < Float8.Count ? groups / 2 : groups, parts, images),
            parameters.Packed);
        if (!isWhole)
        {
            JoinParts(sums, statistics, pixels, width, groups, images, epsilon);
        }

        KernelParameters norm = new(stackalloc byte[64]);
        norm.Add(Address(x));
        norm.Add(statistics);
        norm.Add(Address(gamma));
        norm.Add(Address(beta));
        norm.Add(Address(y));
        norm.Add(pixels);
        norm.Add(channels);
        norm.Add(groups);
        norm.Add((int)activation);
        Launch(
            isFast ? GroupNormKernel.Fast : GroupNormKernel.Plain,
            new LaunchSize(Blocks(isFast ? count / Float8.Count : count, GroupNormKernel.Threads), images),
            norm.Packed);
    }

    private void JoinParts(CUdeviceptr sums, CUdeviceptr statistics, int pixels, int width, int groups, int images, float epsilon)
    {
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(sums);
        parameters.Add(statistics);
        parameters.Add(pixels);
        parameters.Add(width);
        parameters.Add(groups);
        parameters.Add(epsilon);
        Launch(GroupStatisticsKernel.Joining, new LaunchSize(groups, images), parameters.Packed);
    }
}
