using System.Text;
using L2c.Native;

namespace L2c.Emulation.Tests;

public sealed class ContextTests
{
    [Fact]
    public void Nothing_works_before_cuInit_or_without_a_context()
    {
        using var driver = new EmulatedDriver();
        Assert.Equal(CUresult.CUDA_ERROR_NOT_INITIALIZED, driver.cuDeviceGet(out _, 0));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_INITIALIZED, driver.cuMemAlloc_v2(out _, 4));
        Assert.Equal(CUresult.CUDA_SUCCESS, driver.cuInit(0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuMemAlloc_v2(out _, 4));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuStreamCreate(out _, CUstream_flags.CU_STREAM_DEFAULT));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_DEVICE, driver.cuDeviceGet(out _, 1));
    }

    [Fact]
    public void A_context_is_current_on_the_thread_that_asked()
    {
        using var device = new Device();
        CUresult other = CUresult.CUDA_SUCCESS, after = other;
        var thread = new Thread(() =>
        {
            other = device.Driver.cuMemAlloc_v2(out _, 4);
            device.Context.MakeCurrent();
            after = device.Driver.cuMemAlloc_v2(out _, 4);
        });
        thread.Start();
        thread.Join();
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, other);
        Assert.Equal(CUresult.CUDA_SUCCESS, after);
    }

    [Fact]
    public void The_last_release_ends_the_context_and_what_it_held_is_reported()
    {
        using var driver = new EmulatedDriver();
        var first = new CudaContext(driver, 0);
        var second = new CudaContext(driver, 0);
        driver.Check(driver.cuMemAlloc_v2(out CUdeviceptr kept, 100));
        driver.Check(driver.cuMemAlloc_v2(out CUdeviceptr freed, 50));
        driver.Check(driver.cuStreamCreate(out _, CUstream_flags.CU_STREAM_NON_BLOCKING));
        Assert.Equal(150, driver.AllocatedBytes);
        driver.Check(driver.cuMemFree_v2(freed));
        first.Dispose();
        Assert.Equal(100, driver.AllocatedBytes);
        second.Dispose();
        Assert.Equal(0, driver.AllocatedBytes);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuMemFree_v2(kept));
        Assert.Equal([$"100 bytes of device memory at {kept.Value:x}", "a stream"], driver.Leaks);
    }

    [Theory]
    [InlineData(8, 0, 163 * 1024)]
    [InlineData(8, 6, 99 * 1024)]
    [InlineData(9, 0, 227 * 1024)]
    public void The_device_describes_itself(int major, int minor, int shared)
    {
        using var device = new Device(
            new EmulatedDriver { ComputeCapability = new Version(major, minor), Multiprocessors = 7, TotalBytes = 1 << 20 });
        EmulatedDriver driver = device;
        int Ask(CUdevice_attribute attribute)
        {
            driver.Check(driver.cuDeviceGetAttribute(out int value, attribute, default));
            return value;
        }

        Assert.Equal(major, Ask(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR));
        Assert.Equal(minor, Ask(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
        Assert.Equal(7, Ask(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
        Assert.Equal(shared, Ask(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
        byte[] name = new byte[8];
        driver.Check(driver.cuDeviceGetName(name, default));
        Assert.Equal("emulate\0", Encoding.ASCII.GetString(name));
        driver.Check(driver.cuMemAlloc_v2(out _, 1 << 19));
        driver.Check(driver.cuMemGetInfo_v2(out nuint free, out nuint total));
        Assert.Equal((1U << 19, 1U << 20), ((uint)free, (uint)total));
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, driver.cuMemAlloc_v2(out _, (1 << 19) + 1));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemAlloc_v2(out _, 0));
    }

    [Fact]
    public void Every_named_status_has_the_vendors_name_and_a_text()
    {
        using var driver = new EmulatedDriver();
        foreach (CUresult status in Enum.GetValues<CUresult>())
        {
            driver.Check(driver.cuGetErrorName(status, out string? name));
            driver.Check(driver.cuGetErrorString(status, out string? text));
            Assert.Equal(status.ToString(), name);
            Assert.False(string.IsNullOrEmpty(text));
        }

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuGetErrorName((CUresult)12345, out string? none));
        Assert.Null(none);
    }
}
