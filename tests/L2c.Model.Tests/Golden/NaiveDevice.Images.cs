using L2c.Kernels;

namespace L2c.Model.Tests.Golden;

// The ops of convolutional networks.
internal unsafe partial class NaiveDevice
{
    protected override void ConvolutionCore(
        Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates) =>
        throw new NotSupportedException(nameof(Convolution));

    protected override void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation) =>
        throw new NotSupportedException(nameof(GroupNorm));

    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool) => throw new NotSupportedException(nameof(Pooling));

    protected override void UpsampleCore(Tensor x, Tensor y) => throw new NotSupportedException(nameof(Upsample));
}
