using L2c.Emulation;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Indices that lie outside of what they index stop the device.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class OutsideIndexCudaTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_row_outside_the_source_and_a_label_outside_the_table_stop_the_device(int index)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "a trap ends the process's context, and with it every other test");
        foreach (Action<CudaWorkbench, Tensor> op in new Action<CudaWorkbench, Tensor>[]
        {
            (bench, index) => bench.Device.GatherRows(bench.Put(new float[24], 3, 8), index, bench.Take(1, 8)),
            (bench, index) => bench.Device.GatherRows(bench.Put(new float[9], 3, 3), index, bench.Take(1, 3)),
            (bench, index) =>
                bench.Device.Conditioning(bench.Put(new float[8], 1, 8), bench.Put(new float[24], 3, 8), index, default, bench.Take(1, 8)),
        })
        {
            using CudaWorkbench bench = new(CudaPrecision.F16);
            Tensor onIndex = bench.Put([index]);
            DeviceFault fault = Assert.Throws<DeviceFault>(() =>
            {
                op(bench, onIndex);
                bench.Device.Synchronize();
            });
            Assert.Contains("trap", fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_label_whose_gradient_has_no_row_stops_the_device(int label)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "a trap ends the process's context, and with it every other test");
        using CudaWorkbench bench = new(CudaPrecision.F32);
        Tensor d = bench.Put(new float[8], 1, 8), labels = bench.Put([label]);
        DeviceFault fault = Assert.Throws<DeviceFault>(() =>
        {
            bench.Device.ConditioningBackward(d, d, labels, bench.Take(1, 8), bench.TakeState(3, 8));
            bench.Device.Synchronize();
        });
        Assert.Contains("trap", fault.Message, StringComparison.Ordinal);
    }
}
