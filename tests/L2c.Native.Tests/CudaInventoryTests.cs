using L2c.Native.Tests.Fake;

namespace L2c.Native.Tests;

public sealed class CudaInventoryTests
{
    [Fact]
    public void A_machine_without_libraries_gives_reasons_and_no_exception()
    {
        CudaInventory inventory = CudaInventory.Probe(new FolderLoader(null));

        Assert.Empty(inventory.Devices);
        Assert.Null(inventory.Driver.File);
        Assert.StartsWith("libcuda: not found; looked for libcuda.so.1,", inventory.Driver.Problem, StringComparison.Ordinal);
        Assert.StartsWith("libcublasLt: not found; looked for libcublasLt.so.13,", inventory.CublasLt.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_real_machine_is_described_one_way_or_the_other()
    {
        CudaInventory inventory = CudaInventory.Probe();

        string? problem = inventory.Driver.Problem;
        Assert.True(problem is null ? inventory.Devices.Count > 0 : !problem.Contains('\n', StringComparison.Ordinal));
        Assert.True(inventory.CublasLt.Problem is null == (inventory.CublasLt.Version is not null));
    }

    [Fact]
    public void Devices_and_versions_are_read_through_the_bindings()
    {
        string folder = FakeLibraries.Build("libcuda.so.1");
        try
        {
            FakeLibraries.Add(folder, "libcublasLt.so.13");
            CudaInventory inventory = CudaInventory.Probe(new FolderLoader(folder));

            Assert.Equal(new CudaLibraryInfo(folder + "/libcuda.so.1", new Version(13, 2), null), inventory.Driver);
            Assert.Equal(new CudaLibraryInfo(folder + "/libcublasLt.so.13", new Version(13, 0, 2), null), inventory.CublasLt);
            Assert.Equal(
                [
                    new CudaDeviceInfo(0, "Fake A", 0x2300000000, new Version(9, 0), 132),
                    new CudaDeviceInfo(1, "Fake B", 0x4600000000, new Version(8, 6), 132),
                ],
                inventory.Devices);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void A_driver_without_a_device_is_reported_with_the_vendors_text()
    {
        string folder = FakeLibraries.Build("libcuda.so", "NO_DEVICE");
        try
        {
            CudaInventory inventory = CudaInventory.Probe(new FolderLoader(folder));

            Assert.Empty(inventory.Devices);
            Assert.Equal(new Version(13, 2), inventory.Driver.Version);
            Assert.Equal($"{folder}/libcuda.so: cuInit: CUDA_ERROR_NO_DEVICE (100): no CUDA-capable device is detected", inventory.Driver.Problem);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Theory]
    [InlineData(11605, "11.6.5")]
    [InlineData(110902, "11.9.2")]
    [InlineData(120304, "12.3.4")]
    [InlineData(130002, "13.0.2")]
    public void CuBLAS_versions_are_decoded(uint value, string version) => Assert.Equal(Version.Parse(version), CublasLtVersion.Parse(value));
}
