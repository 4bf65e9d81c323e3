using L2c.Kernels;
using L2c.Testing;

namespace L2c.Model.Tests.Golden;

// The ops of convolutional networks.
internal unsafe partial class NaiveDevice
{
    protected override void ConvolutionCore(
        Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates) =>
        Do(nameof(Convolution), () =>
        {
            float[]? offsets = bias.IsNone ? null : Load(bias);
            StoreSums(Round(Reference.Convolution<float>(Load(x), x.Shape, Load(Rows(weight)), offsets, window)), y, activation, accumulates);
        });

    protected override void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation) =>
        Do(nameof(GroupNorm), () =>
            Store(y, Activated(Round(Reference.GroupNorm<float>(Load(x), x.Shape, Load(gamma), Load(beta), groups, epsilon)), activation)));

    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool) =>
        Do(nameof(Pooling), () => Store(y, Reference.Pooling<float>(Load(x), x.Shape, window, pool)));

    protected override void UpsampleCore(Tensor x, Tensor y) =>
        Do(nameof(Upsample), () => Store(y, Reference.Upsample(Load(x), x.Shape, y.Shape[1] / x.Shape[1])));
}
