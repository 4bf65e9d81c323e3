using System.Runtime.InteropServices;
using L2c.Model.Randomness;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Memory;

namespace L2c;

/// <summary>Start noise read from a file.</summary>
internal static class NoiseFile
{
    private const string TensorName = "x_T";

    /// <summary>Reads <c>x_T</c>, [N,C,H,W] of any floating-point type, as fp32.</summary>
    /// <param name="path">A file of any tensor format.</param>
    /// <param name="architecture">The model, which fixes C, H and W.</param>
    /// <param name="count">N as the user gave it, or null to take the file's.</param>
    /// <param name="memory">Memory of the host.</param>
    /// <exception cref="MalformedFileException">The tensor is missing, or its type or C, H, W do not fit the model.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="RequestException">N is not the number of images asked for.</exception>
    public static float[] Read(string path, TransformerArchitecture architecture, int? count, HostMemory memory)
    {
        using TensorFile file = TensorFiles.Open(path);
        TensorInfo tensor = file.Find(TensorName)
            ?? throw new MalformedFileException(path, $"has no tensor {TensorName}; give a file with the start noise under that name");
        bool isFloat = tensor.Type is TensorType.F64 or TensorType.F32 or TensorType.F16 or TensorType.BF16;
        bool fits = tensor.Shape is [> 0, var c, var h, var w]
            && c == architecture.InChannels && h == architecture.InputSize && w == architecture.InputSize;
        if (!isFloat || !fits || tensor.Count > Array.MaxLength / sizeof(double))
        {
            string wanted = $"[N, {architecture.InChannels}, {architecture.InputSize}, {architecture.InputSize}]";
            throw new MalformedFileException(
                path, $"has {tensor}, but {architecture.Name} starts from floating-point {wanted}; give noise of that shape");
        }

        if (count is { } images && tensor.Shape[0] != images)
        {
            throw new RequestException($"--count {images} does not fit {path}, whose {TensorName} has {tensor.Shape[0]} images; omit --count");
        }

        MemoryDemand.Require($"reading {path}", memory, new MemoryNeed(0, tensor.Bytes + (sizeof(float) * tensor.Count)));
        byte[] stored = new byte[tensor.Bytes];
        file.ReadBytes(tensor, 0, stored);
        float[] values = new float[tensor.Count];
        int overflow = FloatConversion.Convert(stored, tensor.Type, MemoryMarshal.AsBytes(values.AsSpan()), TensorType.F32);
        return overflow < 0
            ? values
            : throw new MalformedFileException(path, $"element {overflow} of {TensorName} is too large for fp32; give noise of ordinary magnitude");
    }
}

/// <summary>Noise whose x_T comes from a file; the noise of the steps comes from another source, as if that had drawn x_T itself.</summary>
/// <param name="start">x_T of all images.</param>
/// <param name="firstImage">The batch's first row in it.</param>
/// <param name="steps">Noise of the steps.</param>
internal sealed class StartNoise(float[] start, int firstImage, INoiseSource steps) : INoiseSource
{
    /// <inheritdoc/>
    public void Fill(int draw, int imageCount, int elementsPerImage, Span<float> destination)
    {
        steps.Fill(draw, imageCount, elementsPerImage, destination);
        if (draw == 0)
        {
            start.AsSpan(firstImage * elementsPerImage, imageCount * elementsPerImage).CopyTo(destination);
        }
    }
}
