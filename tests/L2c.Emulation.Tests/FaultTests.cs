using L2c.Native;

namespace L2c.Emulation.Tests;

public sealed class FaultTests
{
    [Fact]
    public void A_fault_loses_the_context_until_it_is_destroyed()
    {
        using var driver = new EmulatedDriver { ThrowOnFault = false };
        var context = new CudaContext(driver, 0);
        driver.Check(driver.cuMemAlloc_v2(out CUdeviceptr a, 8));
        driver.Check(driver.cuMemAlloc_v2(out CUdeviceptr b, 8));
        driver.Check(driver.cuMemcpyDtoDAsync_v2(b, a, 8, default));
        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, driver.cuStreamSynchronize(default));
        Assert.Equal(FaultKind.Uninitialised, driver.LastFault?.Kind);
        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, driver.cuMemAlloc_v2(out _, 8));
        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, driver.cuMemFree_v2(a));
        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, driver.cuCtxSynchronize());
        context.Dispose();

        using var again = new CudaContext(driver, 0);
        driver.Check(driver.cuMemAlloc_v2(out _, 8));
        Assert.NotNull(driver.LastFault);
    }

    [Fact]
    public void A_replay_after_its_memory_was_freed_is_an_illegal_address()
    {
        using var device = new Device(new EmulatedDriver { ThrowOnFault = false });
        EmulatedDriver driver = device;
        CUdeviceptr a = device.Allocate(8);
        CUgraphExec exec = device.Instantiate(device.Capture(() => device.Check(driver.cuMemsetD8Async(a, 0, 8, device.Stream))));
        device.Check(driver.cuMemFree_v2(a));
        device.Check(driver.cuGraphLaunch(exec, device.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, driver.cuStreamSynchronize(device.Stream));
        Assert.Equal(FaultKind.Freed, driver.LastFault?.Kind);
    }

    [Fact]
    public void A_range_that_is_no_allocation_is_refused_at_the_call()
    {
        using var device = new Device(new EmulatedDriver { ThrowOnFault = false });
        EmulatedDriver driver = device;
        CUdeviceptr a = device.Upload<int>([1, 2]);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemsetD8Async(a, 0, 9, device.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemcpyDtoDAsync_v2(a, new CUdeviceptr(a.Value + 4), 5, device.Stream));
        Assert.Equal(FaultKind.OutOfBounds, driver.LastFault?.Kind);
        Assert.Equal([1, 2], device.Download<int>(a, 2));
    }

    [Fact]
    public void A_fault_throws_where_it_is_met_and_launch_blocking_moves_that_to_the_launch()
    {
        using var late = new Device();
        CUdeviceptr a = late.Allocate(8), b = late.Allocate(8);
        late.Check(late.Driver.cuMemcpyDtoDAsync_v2(b, a, 8, late.Stream));
        DeviceFault fault = Assert.Throws<DeviceFault>(late.Synchronize);
        Assert.Equal("copy of 8 bytes DeviceToDevice", fault.Kernel);
        Assert.Same(fault, late.Driver.LastFault);

        using var soon = new Device();
        soon.Driver.LaunchBlocking = true;
        CUdeviceptr c = soon.Allocate(8), d = soon.Allocate(8);
        Assert.Throws<DeviceFault>(() => soon.Driver.cuMemcpyDtoDAsync_v2(d, c, 8, soon.Stream));
    }
}
