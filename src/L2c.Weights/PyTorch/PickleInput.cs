using System.Buffers.Binary;
using System.Text;

namespace L2c.Weights.PyTorch;

/// <summary>Reads the bytes of pickles one after the other from a source, a small window at a time.</summary>
internal sealed class PickleInput
{
    private const int MaxLineBytes = 256;
    private const string Remedy = "the file is damaged or not from torch.save, save the state dict alone or convert it to safetensors";

    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ByteSource _source;
    private readonly byte[] _window;
    private readonly long _end;
    private long _windowStart;
    private int _windowLength;

    /// <summary>Starts at byte <paramref name="position"/>; the source stays the caller's.</summary>
    public PickleInput(ByteSource source, long position)
    {
        _source = source;
        _window = new byte[(int)Math.Min(32 * 1024, source.Length)];
        Position = position;
        _end = Math.Min(source.Length, position + ReadLimits.PickleBytes);
        Work = new WorkBudget(source.Path, "the pickle", source.Length, Remedy);
    }

    /// <summary>What the pickles of this input may ask for, all of them together.</summary>
    public WorkBudget Work { get; }

    /// <summary>Offset of the next byte in the source.</summary>
    public long Position { get; private set; }

    public byte ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        Read(one);
        return one[0];
    }

    public ushort ReadUInt16()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        Read(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public int ReadInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        Read(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    public double ReadDoubleBigEndian()
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        Read(bytes);
        return BinaryPrimitives.ReadDoubleBigEndian(bytes);
    }

    /// <summary>A length of 64 bits; negative for one beyond them.</summary>
    public long ReadLength()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Read(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>A two's complement integer of so many bytes; one beyond 64 bits is left out.</summary>
    public object ReadInteger(long length)
    {
        if (length is < 0 or > sizeof(long))
        {
            Skip(length, "an integer");
            return PickleOther.Value;
        }

        Span<byte> bytes = stackalloc byte[sizeof(long)];
        int count = (int)length;
        Read(bytes[..count]);
        bytes[count..].Fill(count > 0 && (bytes[count - 1] & 0x80) != 0 ? (byte)0xFF : (byte)0);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>UTF-8 text of so many bytes.</summary>
    public string ReadText(long length)
    {
        if (length is < 0 or > ReadLimits.PickleTextBytes || length > _end - Position)
        {
            throw Broken($"the pickle holds a string of {length} bytes");
        }

        Work.SpendOnText(length);
        byte[] bytes = new byte[length];
        Read(bytes);
        return Decode(bytes);
    }

    /// <summary>Bytes, so many.</summary>
    public PickleBytes ReadBytes(long length)
    {
        if (length is < 0 or > PickleBytes.MostKept)
        {
            Skip(length, "a byte string");
            return new PickleBytes(null);
        }

        byte[] bytes = new byte[length];
        Read(bytes);
        return new PickleBytes(bytes);
    }

    /// <summary>A frame's length, which says how much a reader may fetch at once: it must lie inside the pickle.</summary>
    public void ReadFrame()
    {
        long length = ReadLength();
        if (length < 0 || length > _end - Position)
        {
            throw Broken($"the pickle holds a frame of {(ulong)length} bytes");
        }
    }

    /// <summary>Text up to a line feed.</summary>
    public string ReadLine()
    {
        Span<byte> line = stackalloc byte[MaxLineBytes];
        int length = 0;
        for (byte next = ReadByte(); next != '\n'; next = ReadByte())
        {
            if (length == line.Length)
            {
                throw Broken($"the pickle holds a global's name of more than {MaxLineBytes} bytes");
            }

            line[length++] = next;
        }

        return Decode(line[..length]);
    }

    /// <summary>The error of a broken pickle: what is wrong, and what to do.</summary>
    public MalformedFileException Broken(string rule) => new(_source.Path, $"{rule}; {Remedy}");

    private void Skip(long length, string what)
    {
        if (length < 0 || length > _end - Position)
        {
            throw Broken($"the pickle holds {what} of {(ulong)length} bytes");
        }

        Position += length;
    }

    private void Read(Span<byte> destination)
    {
        if (destination.Length > _end - Position)
        {
            throw Broken(
                _end == _source.Length ? "the pickle ends before its STOP" : $"the pickle has more than {ReadLimits.PickleBytes} bytes");
        }

        if (destination.Length > _window.Length)
        {
            _source.ReadExactly(Position, destination);
        }
        else
        {
            if (Position < _windowStart || Position + destination.Length > _windowStart + _windowLength)
            {
                _windowStart = Position;
                _windowLength = (int)Math.Min(_window.Length, _source.Length - Position);
                _source.ReadExactly(_windowStart, _window.AsSpan(0, _windowLength));
            }

            _window.AsSpan((int)(Position - _windowStart), destination.Length).CopyTo(destination);
        }

        Position += destination.Length;
    }

    private string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return _strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Broken("the pickle holds text that is not UTF-8");
        }
    }
}
