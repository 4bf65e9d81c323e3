using System.Buffers.Binary;
using L2c.Weights.Npy;
using L2c.Weights.PyTorch;
using L2c.Weights.Safetensors;

namespace L2c.Weights;

/// <summary>Opens tensor files of any supported format.</summary>
public static class TensorFiles
{
    // A safetensors header is recognised by its brace behind at most so many bytes of white space.
    private const int HeadBytes = 4096;

    /// <summary>Opens a file, recognising its format by content; the extension says nothing.</summary>
    /// <param name="path">A safetensors file, one that <c>torch.save</c> wrote (zip, or legacy before PyTorch 1.6), or an npy or npz file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="MalformedFileException">The file is none of these, or breaks its format's rules.</exception>
    public static TensorFile Open(string path) => Open(ByteSource.OpenFile(path));

    /// <summary>Opens bytes of any supported format; the tensor file owns the source, also when this throws.</summary>
    /// <param name="source">The bytes.</param>
    /// <exception cref="MalformedFileException">The bytes are of no supported format, or break its rules.</exception>
    public static TensorFile Open(ByteSource source)
    {
        try
        {
            Span<byte> head = stackalloc byte[HeadBytes];
            head = head[..(int)Math.Min(head.Length, source.Length)];
            source.ReadExactly(0, head);
            return Recognise(head) switch
            {
                Kind.Safetensors => new SafetensorsFile(source),
                Kind.Zip when NpzFile.IsNpz(source) => new NpzFile(source),
                Kind.Zip => new PyTorchFile(new TorchZip(source)),
                Kind.PyTorchLegacy => new PyTorchFile(new TorchLegacy(source)),
                Kind.Npy => new NpyTensorFile(source),
                Kind.LfsPointer => throw new MalformedFileException(source.Path, "is a Git LFS pointer, not the weights; run git lfs pull"),
                _ => throw new MalformedFileException(
                    source.Path,
                    "is neither a safetensors file nor one that torch.save or numpy.save writes; give a .safetensors, .pt, .pth, .npy or .npz file"),
            };
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private static Kind Recognise(ReadOnlySpan<byte> head)
    {
        // A safetensors header's length may happen to spell another signature; its brace cannot. White space may be before the brace.
        bool hasBrace = head.Length > sizeof(ulong) && head[sizeof(ulong)..].TrimStart(SafetensorsFile.WhiteSpace).StartsWith("{"u8);
        if (hasBrace && BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) == 0)
        {
            return Kind.Safetensors;
        }

        return head switch
        {
            [(byte)'P', (byte)'K', 3 or 5, 4 or 6, ..] => Kind.Zip,
            [0x80, _, 0x8A, 0x0A, ..] or [0x80, _, 0x95, _, _, _, _, _, _, _, _, 0x8A, 0x0A, ..] => Kind.PyTorchLegacy,
            _ when head.StartsWith(NpyHeader.Magic) => Kind.Npy,
            _ when head.StartsWith("version https://"u8) => Kind.LfsPointer,
            _ when hasBrace => Kind.Safetensors,
            _ => Kind.Unknown,
        };
    }

    private enum Kind
    {
        Unknown,
        Safetensors,
        Zip,
        PyTorchLegacy,
        Npy,
        LfsPointer,
    }
}
