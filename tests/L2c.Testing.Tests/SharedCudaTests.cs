using L2c.Emulation;
using L2c.Kernels;
using L2c.Kernels.Cuda;

namespace L2c.Testing.Tests;

public sealed class SharedCudaTests
{
    [Fact]
    public void The_context_outlives_every_device()
    {
        using var driver = new EmulatedDriver();
        int loaded = 0;
        var shared = new SharedCuda(() => Load(driver), () => Load(new EmulatedCublasLt(driver)));
        var options = new CudaOptions { CacheFolder = null };
        for (int i = 0; i < 3; i++)
        {
            using CudaDevice device = shared.Open(CudaPrecision.F32, options);
            device.Synchronize();
        }

        Assert.Equal((1, 2), (driver.Contexts, loaded));
        Assert.Empty(driver.Leaks);

        // That is what it is for: a device on its own takes the context with it.
        using var alone = new EmulatedDriver();
        for (int i = 0; i < 3; i++)
        {
            new CudaDevice(alone, new EmulatedCublasLt(alone), 0, CudaPrecision.F32, options).Dispose();
        }

        Assert.Equal(3, alone.Contexts);

        T Load<T>(T library)
        {
            loaded++;
            return library;
        }
    }
}
