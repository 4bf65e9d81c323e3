using L2c.Kernels;
using L2c.Testing;
using L2c.Weights.Memory;

namespace L2c.Engine.Tests;

public sealed class EncodeJobTests
{
    [Fact]
    public void What_threads_decode_is_counted()
    {
        Require(threads: 1);
        InsufficientMemoryException refused = Assert.Throws<InsufficientMemoryException>(() => Require(threads: 4));
        Assert.Contains("not even --batch 1 fits, so free some memory or use a smaller --shard-size", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>With 300 MiB: a file and its pixels are 128 of each thread.</summary>
    private static void Require(int threads)
    {
        EncodeRequest request = new() { Pictures = "set", Folder = "out", Autoencoder = "vae", ImageSize = 32, ShardSize = 4 };
        DeviceChoice choice = DeviceChoice.Cpu with { Threads = threads };
        using Device device = choice.Open();
        HostMemory memory = new() { Stated = "300M", HeapLimit = long.MaxValue };
        new EncodeJob(request, TinyModel.Autoencoder, choice).Demand.Require(device, memory);
    }
}
