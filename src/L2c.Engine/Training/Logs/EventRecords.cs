using System.Buffers.Binary;
using System.Numerics;

namespace L2c;

/// <summary>Builds records of TensorBoard's event files in memory: framed protocol buffers of the message <c>Event</c>.</summary>
/// <remarks>
/// Record   length (8 bytes, little-endian), masked CRC of those, message, masked CRC of the message; mask(c) = rotate_right(c, 15) + 0xA282EAD8, c a
///          CRC-32C (Castagnoli).
/// Message  Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7 },
///          Summary { repeated Value value = 1 }, Value { string tag = 1; float simple_value = 2 }, SessionLog { enum status = 1 }, status START = 1.
/// Source   TensorFlow: event.proto, summary.proto, and the description of the TFRecord format.
/// </remarks>
/// <param name="longest">Bytes of the longest message.</param>
internal sealed class EventRecords(int longest)
{
    /// <summary>Bytes of an event besides its strings and values, at most.</summary>
    public const int FixedBytes = 64;

    /// <summary>Bytes of one scalar besides its name.</summary>
    public const int FixedBytesPerValue = 24;

    private const int PrefixBytes = sizeof(ulong) + sizeof(uint);
    private const byte VariableInteger = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    private readonly byte[] _record = new byte[PrefixBytes + longest + sizeof(uint)];
    private int _end;

    /// <summary>Bytes of the record that every file begins with.</summary>
    public const int VersionBytes = PrefixBytes + 1 + sizeof(double) + 2 + 13 + sizeof(uint);

    private static ReadOnlySpan<byte> FormatVersion => "brain.Event:2"u8;

    /// <summary>Whether bytes are the record that every file begins with, of whatever time.</summary>
    public static bool IsVersion(ReadOnlySpan<byte> record) =>
        record.Length == VersionBytes && record[..^sizeof(uint)].EndsWith(FormatVersion)
        && BinaryPrimitives.ReadUInt32LittleEndian(record[^sizeof(uint)..]) == Masked(record[PrefixBytes..^sizeof(uint)]);

    /// <summary>What every file begins with: the version of the format.</summary>
    /// <param name="wallTime">Seconds since 1970.</param>
    public ReadOnlySpan<byte> Version(double wallTime)
    {
        Begin(wallTime);
        Text(3, FormatVersion);
        return Frame();
    }

    /// <summary>The beginning of a session: readers then forget what earlier files say of this and later steps.</summary>
    /// <param name="wallTime">Seconds since 1970.</param>
    /// <param name="step">The first step that follows.</param>
    public ReadOnlySpan<byte> SessionStart(double wallTime, long step)
    {
        Begin(wallTime);
        Integer(2, step);
        Text(7, [Tag(1, VariableInteger), 1]);
        return Frame();
    }

    /// <summary>Scalars of one step.</summary>
    /// <param name="wallTime">Seconds since 1970.</param>
    /// <param name="step">The step.</param>
    /// <param name="names">ASCII.</param>
    /// <param name="values">As many as names.</param>
    public ReadOnlySpan<byte> Scalars(double wallTime, long step, ReadOnlySpan<byte[]> names, ReadOnlySpan<float> values)
    {
        Begin(wallTime);
        Integer(2, step);
        int bytes = 0;
        foreach (byte[] name in names)
        {
            bytes += 1 + SizeOf(ValueBytes(name)) + ValueBytes(name);
        }

        Header(5, bytes);
        for (int i = 0; i < names.Length; i++)
        {
            Header(1, ValueBytes(names[i]));
            Text(1, names[i]);
            _record[_end++] = Tag(2, Fixed32);
            BinaryPrimitives.WriteSingleLittleEndian(_record.AsSpan(_end), values[i]);
            _end += sizeof(float);
        }

        return Frame();
    }

    private static int ValueBytes(byte[] name) => 1 + SizeOf(name.Length) + name.Length + 1 + sizeof(float);

    private static byte Tag(int field, byte wireType) => (byte)((field << 3) | wireType);

    private static int SizeOf(long integer) => Math.Max(1, (70 - BitOperations.LeadingZeroCount((ulong)integer)) / 7);

    private void Begin(double wallTime)
    {
        _end = PrefixBytes;
        _record[_end++] = Tag(1, Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(_record.AsSpan(_end), wallTime);
        _end += sizeof(double);
    }

    private void Integer(int field, long value)
    {
        _record[_end++] = Tag(field, VariableInteger);
        Varint((ulong)value);
    }

    private void Text(int field, ReadOnlySpan<byte> bytes)
    {
        Header(field, bytes.Length);
        bytes.CopyTo(_record.AsSpan(_end));
        _end += bytes.Length;
    }

    private void Header(int field, int bytes)
    {
        _record[_end++] = Tag(field, Delimited);
        Varint((ulong)bytes);
    }

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _record[_end++] = (byte)(value | 0x80);
        }

        _record[_end++] = (byte)value;
    }

    private ReadOnlySpan<byte> Frame()
    {
        Span<byte> record = _record;
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)(_end - PrefixBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(record[sizeof(ulong)..], Masked(record[..sizeof(ulong)]));
        BinaryPrimitives.WriteUInt32LittleEndian(record[_end..], Masked(record[PrefixBytes.._end]));
        return record[..(_end + sizeof(uint))];
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }
}
