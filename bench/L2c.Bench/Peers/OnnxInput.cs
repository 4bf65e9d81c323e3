using Microsoft.ML.OnnxRuntime;

namespace L2c.Bench.Peers;

/// <summary>An input of a network in ONNX Runtime, with values.</summary>
/// <param name="Name">As the network calls it.</param>
/// <param name="Shape">Its extents.</param>
/// <param name="Create">Makes the value; the network owns it.</param>
internal sealed record OnnxInput(string Name, int[] Shape, Func<OrtValue> Create)
{
    /// <summary>Random values between -1 and 1.</summary>
    public static OnnxInput Noise(string name, params int[] shape) => Of(name, Values(shape.Aggregate(1, (count, extent) => count * extent)), shape);

    /// <summary>Given values, of fp32 or int64.</summary>
    public static OnnxInput Of<T>(string name, T[] values, params int[] shape)
        where T : unmanaged =>
        new(name, shape, () => OrtValue.CreateTensorValueFromMemory(values, Array.ConvertAll(shape, extent => (long)extent)));

    /// <summary>Random values between -1 and 1: neither subnormals nor infinities.</summary>
    public static float[] Values(int count)
    {
        float[] values = new float[count];
        Random random = new(1);
        for (int i = 0; i < count; i++)
        {
            values[i] = (2 * random.NextSingle()) - 1;
        }

        return values;
    }
}
