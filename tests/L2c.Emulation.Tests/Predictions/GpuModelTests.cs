namespace L2c.Emulation.Tests.Predictions;

/// <summary>The table of GPUs agrees with the data sheets, and occupancy with the vendor's rules.</summary>
public class GpuModelTests
{
    private static readonly GpuModel _h200 = GpuModel.Find("h200")!;

    [Theory]
    [InlineData("a100", 312)]
    [InlineData("h100", 989.4)]
    [InlineData("h200", 989.4)]
    public void Clock_and_units_make_the_tensor_rate_of_the_data_sheet(string name, double tflops) =>
        Assert.Equal(tflops, GpuModel.Find(name)!.TensorTflops, tolerance: 0.001 * tflops);

    [Fact]
    public void Other_names_are_no_model() => Assert.Null(GpuModel.Find("H200"));

    // Registers are given out 8 a thread at a time, and warps four at a time: 128 of them leave four blocks of 128 threads, one more leaves three.
    [Theory]
    [InlineData(128, 128, 4, OccupancyLimit.Registers)]
    [InlineData(128, 129, 3, OccupancyLimit.Registers)]
    [InlineData(128, 32, 16, OccupancyLimit.Warps)]
    [InlineData(256, 40, 6, OccupancyLimit.Registers)]
    [InlineData(1024, 64, 1, OccupancyLimit.Registers)]
    [InlineData(1024, 65, 0, OccupancyLimit.Registers)]
    [InlineData(32, 16, 32, OccupancyLimit.Blocks)]
    public void Registers_warps_and_blocks_limit_occupancy(int threads, int registers, int blocks, OccupancyLimit limit) =>
        Assert.Equal(new Occupancy(blocks, blocks * threads / 32, limit), Occupancy.Of(_h200, threads, 0, registers));

    // Each block takes 1 KiB more than it asks for, and of the sum whole units of 128 bytes: 5 x 46,592 is within 228 KiB, and 5 x 46,720 is not.
    [Theory]
    [InlineData("h200", 56 << 10, 4)]
    [InlineData("h200", (56 << 10) + 1, 3)]
    [InlineData("h200", 45_568, 5)]
    [InlineData("h200", 45_569, 4)]
    [InlineData("a100", 40 << 10, 4)]
    [InlineData("a100", (40 << 10) + 1, 3)]
    public void Shared_memory_limits_occupancy(string gpu, int bytes, int blocks) =>
        Assert.Equal(new Occupancy(blocks, 4 * blocks, OccupancyLimit.Shared), Occupancy.Of(GpuModel.Find(gpu)!, 128, bytes, 32));

    [Fact]
    public void Unknown_registers_limit_nothing() =>
        Assert.Equal(new Occupancy(16, 64, OccupancyLimit.Warps), Occupancy.Of(_h200, 128, 0, null));
}
