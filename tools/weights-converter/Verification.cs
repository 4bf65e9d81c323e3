using L2c.Weights;
using L2c.Weights.Layouts;

namespace WeightsConverter;

/// <summary>Compares a checkpoint with the safetensors file made from it.</summary>
internal static class Verification
{
    private const int ChunkElements = 1 << 20;

    /// <summary>Bytes of what is compared at one time.</summary>
    public const long BufferBytes = 2L * ChunkElements * sizeof(double);

    /// <summary>Checks that tensors which the naming stores several times hold the same values.</summary>
    /// <exception cref="MalformedFileException">They do not.</exception>
    public static void CheckCopies(WeightsFile checkpoint, CancellationToken cancel)
    {
        byte[] original = new byte[ChunkElements * sizeof(float)], copied = new byte[ChunkElements * sizeof(float)];
        foreach (WeightsTensor tensor in checkpoint.Tensors)
        {
            foreach (TensorInfo copy in tensor.Copies)
            {
                WeightsTensor other = tensor with { Parts = [copy], Copies = [] };
                for (long first = 0; first < tensor.Count; first += ChunkElements)
                {
                    cancel.ThrowIfCancellationRequested();
                    int bytes = (int)Math.Min(ChunkElements, tensor.Count - first) * sizeof(float);
                    checkpoint.Read(tensor, first, original.AsSpan(0, bytes), TensorType.F32);
                    checkpoint.Read(other, first, copied.AsSpan(0, bytes), TensorType.F32);
                    if (!original.AsSpan(0, bytes).SequenceEqual(copied.AsSpan(0, bytes)))
                    {
                        throw new MalformedFileException(
                            checkpoint.File.Path,
                            $"{copy} is not the same as {tensor.Parts[0]}, of which it is a copy in every intact file; fetch the file again");
                    }
                }
            }
        }
    }

    /// <summary>Checks names, order, shapes, architecture and every element, the checkpoint's rounded to the file's types.</summary>
    /// <exception cref="MalformedFileException">Something differs.</exception>
    public static void Compare(WeightsFile checkpoint, TensorFile written, Progress progress, CancellationToken cancel)
    {
        CompareDirectory(checkpoint, written);
        byte[] expected = new byte[ChunkElements * sizeof(double)], actual = new byte[ChunkElements * sizeof(double)];
        foreach (WeightsTensor tensor in checkpoint.Tensors)
        {
            TensorInfo stored = written.Find(tensor.Name)!;
            for (long first = 0; first < tensor.Count; first += ChunkElements)
            {
                cancel.ThrowIfCancellationRequested();
                int bytes = (int)Math.Min(ChunkElements, tensor.Count - first) * stored.Type.Size();
                checkpoint.Read(tensor, first, expected.AsSpan(0, bytes), stored.Type);
                written.ReadBytes(stored, first, actual.AsSpan(0, bytes));
                int same = expected.AsSpan(0, bytes).CommonPrefixLength(actual.AsSpan(0, bytes));
                if (same < bytes)
                {
                    throw Differs(written, checkpoint, $"element {first + (same / stored.Type.Size())} of {stored} is not the source's");
                }

                progress.Advance(bytes);
            }
        }
    }

    private static void CompareDirectory(WeightsFile checkpoint, TensorFile written)
    {
        string architecture = checkpoint.Architecture.ToJson();
        if (!written.Metadata.TryGetValue(Architecture.MetadataKey, out string? stored) || stored != architecture)
        {
            throw Differs(written, checkpoint, $"its architecture is {stored ?? "not stated"}, the source's {architecture}");
        }

        foreach (WeightsTensor tensor in checkpoint.Tensors)
        {
            TensorInfo? found = written.Find(tensor.Name);
            bool fits = found is { Type: TensorType.F32 or TensorType.F16 or TensorType.BF16 } && found.Shape.AsSpan().SequenceEqual(tensor.Shape)
                && (!tensor.IsLogits || found.Type == TensorType.F32);
            if (!fits)
            {
                string how = found is null ? $"it has no {tensor.Name}" : $"it has {found} where [{string.Join(", ", tensor.Shape)}] belongs";
                throw Differs(written, checkpoint, how);
            }
        }

        if (written.Tensors.Count != checkpoint.Tensors.Count)
        {
            throw Differs(written, checkpoint, $"it has {written.Tensors.Count} tensors, the source {checkpoint.Tensors.Count}");
        }
    }

    private static MalformedFileException Differs(TensorFile written, WeightsFile checkpoint, string how) =>
        new(written.Path, $"is not what {checkpoint.File.Path} converts to: {how}; convert it again");
}
