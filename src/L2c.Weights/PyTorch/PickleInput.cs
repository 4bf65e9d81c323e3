using System.Buffers.Binary;
using System.Text;

namespace L2c.Weights.PyTorch;

/// <summary>Reads the bytes of pickles one after the other from a source, a small window at a time.</summary>
internal sealed class PickleInput
{
    private const int MaxTextBytes = 1 << 20;
    private const int MaxLineBytes = 256;
    private const string Remedy = "the file is damaged or not from torch.save, save the state dict alone or convert it to safetensors";

    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ByteSource _source;
    private readonly byte[] _window;
    private long _windowStart;
    private int _windowLength;

    /// <summary>Starts at byte <paramref name="position"/>; the source stays the caller's.</summary>
    public PickleInput(ByteSource source, long position)
    {
        _source = source;
        _window = new byte[(int)Math.Min(32 * 1024, source.Length)];
        Position = position;
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

    /// <summary>A two's complement integer preceded by its length in bytes, at most eight.</summary>
    public long ReadLong1()
    {
        int length = ReadByte();
        if (length > sizeof(long))
        {
            throw Broken($"the pickle holds an integer of {length} bytes");
        }

        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Read(bytes[..length]);
        bytes[length..].Fill(length > 0 && (bytes[length - 1] & 0x80) != 0 ? (byte)0xFF : (byte)0);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>UTF-8 text preceded by its length as 32 bits.</summary>
    public string ReadText()
    {
        uint length = (uint)ReadInt32();
        if (length > MaxTextBytes || length > _source.Length - Position)
        {
            throw Broken($"the pickle holds a string of {length} bytes");
        }

        Work.SpendOnText(length);
        byte[] bytes = new byte[length];
        Read(bytes);
        return Decode(bytes);
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

    private void Read(Span<byte> destination)
    {
        if (Position + destination.Length > _source.Length)
        {
            throw Broken("the pickle ends before its STOP");
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
