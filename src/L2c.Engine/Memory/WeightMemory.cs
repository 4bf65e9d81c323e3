using L2c.Kernels;
using L2c.Model;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Memory of a network's weights and of bringing them to a device.</summary>
internal static class WeightMemory
{
    /// <summary>Weights in the device's layout, and the largest tensor on its way: as read, and on CUDA as converted.</summary>
    /// <exception cref="RequestException">No array holds a tensor.</exception>
    public static MemoryNeed Of(TransformerArchitecture architecture, Device device, WeightUse use = WeightUse.Inference)
    {
        long largest = Tensors(architecture).Max();
        if (largest / sizeof(float) > Array.MaxLength)
        {
            throw new RequestException(
                $"{architecture.Name} has a tensor of {largest / sizeof(float)} values, more than an array holds; give a smaller network");
        }

        using Network counted = NetworkFamilies.OnPaper(architecture, device, use);
        return new MemoryNeed(counted.WeightBytes, largest, Staging(device, largest));
    }

    /// <summary>Bytes of each tensor as fp32.</summary>
    public static IEnumerable<long> Tensors(TransformerArchitecture architecture) => NetworkFamilies.Of(architecture).Tensors(architecture)
        .Select(tensor => tensor.Shape.Aggregate((long)sizeof(float), (product, extent) => product * extent));

    /// <summary>What a device keeps on the host for transfers of that many bytes.</summary>
    public static long Staging(Device device, long bytes) => device.FreeBytes is null ? 0 : bytes;
}
