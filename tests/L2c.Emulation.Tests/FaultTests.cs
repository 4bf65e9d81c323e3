using L2c.Native;

namespace L2c.Emulation.Tests;

public sealed class FaultTests
{
    [Fact]
    public void A_fault_loses_the_context_until_it_is_destroyed()
    {
        using var device = new Device(new EmulatedDriver { ThrowOnFault = false });
        EmulatedDriver driver = device;
        const CUresult Status = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
        CUdeviceptr b = device.Allocate(8);
        device.Check(driver.cuGraphLaunch(Broken(device), device.Stream));
        Assert.Equal(Status, driver.cuStreamSynchronize(device.Stream));
        Assert.Equal(FaultKind.Freed, driver.LastFault?.Kind);
        Assert.Equal(Status, driver.cuMemAlloc_v2(out _, 8));
        Assert.Equal(Status, driver.cuMemFree_v2(b));
        Assert.Equal(Status, driver.cuCtxSynchronize());
        Assert.Contains(driver.LastFault!.Message, new CudaException(driver, Status, "cuMemFree_v2").Message, StringComparison.Ordinal);
        device.Context.Dispose();

        using var again = new CudaContext(driver, 0);
        driver.Check(driver.cuMemAlloc_v2(out _, 8));
        Assert.NotNull(driver.LastFault);
        driver.Check(driver.cuGetErrorString(Status, out string? text));
        Assert.Equal("an illegal memory access was encountered", text);
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
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemcpyHtoD_v2(a, 0, 4));
        Assert.Equal([1, 2], device.Download<int>(a, 2));
    }

    [Fact]
    public void A_fault_throws_where_it_is_met_and_launch_blocking_moves_that_to_the_launch()
    {
        using var late = new Device();
        CUgraphExec broken = Broken(late);
        late.Check(late.Driver.cuGraphLaunch(broken, late.Stream));
        DeviceFault fault = Assert.Throws<DeviceFault>(late.Synchronize);
        Assert.Equal("memset of 8 bytes", fault.Kernel);
        Assert.Same(fault, late.Driver.LastFault);

        using var soon = new Device();
        broken = Broken(soon);
        soon.Driver.LaunchBlocking = true;
        Assert.Throws<DeviceFault>(() => soon.Driver.cuGraphLaunch(broken, soon.Stream));
    }

    [Fact]
    public void A_copy_within_the_device_carries_what_was_never_written_and_must_not_overlap()
    {
        using var device = new Device();
        CUdeviceptr a = device.Allocate(12), b = device.Upload<int>([7, 8, 9]);
        device.Write<int>(new CUdeviceptr(a.Value + 4), [5]);
        device.Check(device.Driver.cuMemcpyDtoDAsync_v2(b, a, 8, device.Stream));
        device.Synchronize();
        Assert.Equal([-1, 5, 9], device.Download<int>(b, 3));
        device.Check(device.Driver.cuMemcpyDtoDAsync_v2(new CUdeviceptr(b.Value + 4), b, 8, device.Stream));
        Assert.Contains("overlaps", Assert.Throws<DeviceFault>(device.Synchronize).Message, StringComparison.Ordinal);
    }

    // A replay that writes to memory that was freed.
    private static CUgraphExec Broken(Device device)
    {
        CUdeviceptr a = device.Allocate(8);
        CUgraphExec exec = device.Instantiate(device.Capture(() => device.Check(device.Driver.cuMemsetD8Async(a, 0, 8, device.Stream))));
        device.Check(device.Driver.cuMemFree_v2(a));
        return exec;
    }
}
