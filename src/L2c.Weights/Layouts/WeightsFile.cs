using System.Buffers;
using System.Runtime.InteropServices;

namespace L2c.Weights.Layouts;

/// <summary>A checkpoint whose architecture is known and whose every canonical tensor has a source.</summary>
/// <remarks>
/// Made by <see cref="WeightsLayout.Resolve"/>. Reads from the file it was made from, which the caller keeps open and disposes.
/// Reading allocates nothing in the steady state.
/// </remarks>
public sealed class WeightsFile
{
    // Source bytes converted at a time: fits the second-level cache together with the result.
    private const int ScratchBytes = 256 << 10;

    private readonly Dictionary<string, WeightsTensor> _byName;

    internal WeightsFile(
        TensorFile file,
        Architecture architecture,
        string naming,
        string nest,
        IReadOnlyList<WeightsTensor> tensors,
        IReadOnlyList<string> ignored)
    {
        File = file;
        Architecture = architecture;
        Naming = naming;
        Nest = nest;
        Tensors = tensors;
        Ignored = ignored;
        _byName = tensors.ToDictionary(tensor => tensor.Name);
    }

    /// <summary>The file.</summary>
    public TensorFile File { get; }

    /// <summary>What the weights belong to.</summary>
    public Architecture Architecture { get; }

    /// <summary>How the file names its tensors: "published names", "diffusers names", "L2c names".</summary>
    public string Naming { get; }

    /// <summary>Prefix of the dictionary in the file that holds the weights, as <c>ema.</c>; empty when the file is the dictionary.</summary>
    public string Nest { get; }

    /// <summary>The canonical tensors, in canonical order.</summary>
    public IReadOnlyList<WeightsTensor> Tensors { get; }

    /// <summary>Names in the file that are not part of the model and were omitted: optimiser state, the other set of weights, losses.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Number of values in all canonical tensors, the position table included.</summary>
    public long ParameterCount => Tensors.Sum(tensor => tensor.Count);

    /// <summary>The architecture, which must be of that kind.</summary>
    /// <exception cref="MalformedFileException">The file holds another kind of model.</exception>
    public T Require<T>()
        where T : Architecture => Architecture as T
        ?? throw new MalformedFileException(
            File.Path,
            $"holds a model of the family '{Architecture.Family}', which has no use here; give another checkpoint");

    /// <summary>The canonical tensor of that name.</summary>
    /// <exception cref="ArgumentException">The architecture has no such tensor.</exception>
    public WeightsTensor Find(string name) => _byName.TryGetValue(name, out WeightsTensor? tensor)
        ? tensor
        : throw new ArgumentException($"WeightsFile: {Architecture.Name} has no tensor {name}", nameof(name));

    /// <summary>Reads a whole tensor as fp32.</summary>
    /// <param name="name">Canonical name.</param>
    /// <param name="destination">Exactly as many values as the tensor has, row-major.</param>
    /// <exception cref="MalformedFileException">The data cannot be read, or a value is not finite where it must be.</exception>
    public void Read(string name, Span<float> destination)
    {
        WeightsTensor tensor = Find(name);
        if (tensor.Count != destination.Length)
        {
            throw new ArgumentException($"WeightsFile: {name} has {tensor.Count} values, the destination {destination.Length}", nameof(destination));
        }

        Read(tensor, 0, MemoryMarshal.AsBytes(destination), TensorType.F32);
    }

    /// <summary>Reads part of a tensor in a type of choice, rounding half to even.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="first">Index of the first element wanted, in row-major order.</param>
    /// <param name="destination">Whole elements of <paramref name="type"/>; its length says how many.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <exception cref="MalformedFileException">The data cannot be read, a finite value becomes infinite, or a logit is not finite.</exception>
    public void Read(WeightsTensor tensor, long first, Span<byte> destination, TensorType type)
    {
        Span<byte> rest = destination;
        long start = first;
        if (tensor.Computed is { } computed)
        {
            int count = rest.Length / type.Size();
            ReadOnlySpan<byte> values = MemoryMarshal.AsBytes(computed.AsSpan((int)first, count));
            Check(tensor, first, FloatConversion.Convert(values, TensorType.F32, rest, type), type);
            return;
        }

        long before = 0;
        foreach (TensorInfo part in tensor.Parts)
        {
            long count = part.Count;
            if (start < count)
            {
                int here = (int)Math.Min(count - start, rest.Length / type.Size());
                ReadPart(tensor, before, part, start, rest[..(here * type.Size())], type);
                rest = rest[(here * type.Size())..];
                start = 0;
            }
            else
            {
                start -= count;
            }

            before += count;
            if (rest.IsEmpty)
            {
                return;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(first), $"WeightsFile: {tensor.Name} has {tensor.Count} elements, fewer than were asked for");
    }

    /// <summary>Reads from a part that has <paramref name="before"/> elements of the tensor in front of it.</summary>
    private void ReadPart(WeightsTensor tensor, long before, TensorInfo part, long first, Span<byte> destination, TensorType type)
    {
        if (part.Type == type)
        {
            File.ReadBytes(part, first, destination);
            CheckFinite(tensor, before + first, destination, type);
            return;
        }

        int perBlock = ScratchBytes / part.Type.Size();
        byte[] scratch = ArrayPool<byte>.Shared.Rent(ScratchBytes);
        try
        {
            for (Span<byte> rest = destination; !rest.IsEmpty;)
            {
                int count = Math.Min(perBlock, rest.Length / type.Size());
                Span<byte> stored = scratch.AsSpan(0, count * part.Type.Size());
                Span<byte> converted = rest[..(count * type.Size())];
                File.ReadBytes(part, first, stored);
                Check(tensor, before + first, FloatConversion.Convert(stored, part.Type, converted, type), type);
                CheckFinite(tensor, before + first, converted, type);
                rest = rest[converted.Length..];
                first += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private void Check(WeightsTensor tensor, long first, int overflow, TensorType type)
    {
        if (overflow >= 0)
        {
            throw new MalformedFileException(
                File.Path,
                $"element {first + overflow} of {tensor.Name} is finite but too large for {type.Label()}; choose a type with a wider range");
        }
    }

    private void CheckFinite(WeightsTensor tensor, long first, ReadOnlySpan<byte> values, TensorType type)
    {
        if (!tensor.IsLogits || type != TensorType.F32)
        {
            return;
        }

        ReadOnlySpan<float> logits = MemoryMarshal.Cast<byte, float>(values);
        for (int i = 0; i < logits.Length; i++)
        {
            if (!float.IsFinite(logits[i]))
            {
                (long row, long branch) = Math.DivRem(first + i, tensor.Shape[^1]);
                throw new MalformedFileException(File.Path, $"row {row}, branch {branch}: the logit is {logits[i]}; a router needs finite logits");
            }
        }
    }
}
