using System.Buffers.Binary;
using System.Text;
using L2c.Testing;

namespace L2c.Engine.Tests;

/// <summary>The event files, read by a reader of their own: framing, checksums bit by bit, protocol buffer fields.</summary>
public sealed class TensorBoardLogTests : IDisposable
{
    private const string Prefix = "events.out.tfevents.";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_checksum_of_this_file_is_Castagnolis() => Assert.Equal(0xE3069283u, Crc32C("123456789"u8));

    [Fact]
    public void Every_file_begins_as_TensorFlows_do()
    {
        // Length 24 and its masked checksum: the twelve bytes that every event file of TensorFlow starts with.
        TrainingLog.Open(_folder.File("run"), ["loss"], null, _ => { }).Dispose();
        Assert.Equal([0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22], File.ReadAllBytes(Files().Single())[..12]);
    }

    [Fact]
    public void Scalars_are_read_back()
    {
        string longName = "loss/" + new string('x', 200); // lengths beyond one byte
        double before = Now();
        Log(null, ["loss", longName], (1, [0.5f, -1]), (300, [float.NaN, 1e-30f]), (1L << 40, [3, 4]));
        Event[] events = Read(Files().Single());
        Assert.Equal("brain.Event:2", events[0].Version);
        Assert.Equal(1, events[1].SessionStatus);
        Assert.Equal([1, 1, 300, 1L << 40], events[1..].Select(e => e.Step));
        Assert.Equal([("loss", 0.5f), (longName, -1)], events[2].Scalars);
        Assert.Equal([("loss", float.NaN), (longName, 1e-30f)], events[3].Scalars);
        Assert.All(events, e => Assert.InRange(e.WallTime, before, Now()));
    }

    [Fact]
    public void A_resumed_run_has_a_second_file_that_sorts_behind_and_starts_a_session()
    {
        Log(null, ["loss"], (1, [1]), (2, [2]), (3, [3]));
        Log(2, ["loss"], (3, [30]));
        Log(2, ["loss"], (3, [31]));
        string[] files = Files();
        Assert.Equal(3, files.Length);
        Event[] last = Read(files[2]);
        Assert.Equal([0, 3, 3], last.Select(e => e.Step));
        Assert.Equal(1, last[1].SessionStatus);
        Assert.Equal([("loss", 31f)], last[2].Scalars);
    }

    [Fact]
    public void A_new_run_removes_the_files_of_the_old_one_and_no_others()
    {
        Log(null, ["loss"], (1, [1]), (2, [2]));
        string ours = Files().Single(), folder = _folder.File("run"), elsewhere = _folder.File("elsewhere");
        File.Copy(ours, elsewhere);
        File.WriteAllText(Path.Combine(folder, "events.out.tfevents.1.host"), "of another program");
        File.WriteAllText(Path.Combine(folder, "events.out.tfevents.2.l2c"), "looks like one of this program");
        File.WriteAllText(Path.Combine(folder, "events.out.tfevents.3.l2c"), "");
        File.CreateSymbolicLink(Path.Combine(folder, "events.out.tfevents.4.l2c"), elsewhere);
        Log(1, ["loss"], (2, [2]));
        Assert.Equal(6, Files().Length);
        Log(null, ["loss"], (1, [10]));
        string[] others = [.. Files().Select(path => Path.GetFileName(path)[Prefix.Length..]).Where(name => name.Length <= "1.host".Length)];
        Assert.Equal(["1.host", "2.l2c", "4.l2c"], others);
        Assert.Equal(4, Files().Length);
        Assert.True(File.Exists(elsewhere));
    }

    public void Dispose() => _folder.Dispose();

    private static double Now() => (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;

    private string[] Files() => [.. Directory.GetFiles(_folder.File("run")).Order(StringComparer.Ordinal)];

    private void Log(long? resumeAfter, string[] names, params (long Step, float[] Values)[] entries)
    {
        using ITrainingLog log = TrainingLog.Open(_folder.File("run"), names, resumeAfter, _ => { });
        foreach ((long step, float[] values) in entries)
        {
            log.Write(step, values);
        }
    }

    private static Event[] Read(string path)
    {
        List<Event> events = [];
        for (ReadOnlySpan<byte> rest = File.ReadAllBytes(path); !rest.IsEmpty;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest);
            Assert.Equal(Masked(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            Assert.Equal(Masked(rest.Slice(12, length)), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            events.Add(Event.Parse(rest.Slice(12, length)));
            rest = rest[(16 + length)..];
        }

        return [.. events];
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Crc32C(bytes);
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }

    private sealed record Event(double WallTime, long Step, string? Version, long? SessionStatus, (string Tag, float Value)[] Scalars)
    {
        public static Event Parse(ReadOnlySpan<byte> message)
        {
            Event parsed = new(0, 0, null, null, []);
            foreach ((int field, long number, byte[] bytes) in Fields(message))
            {
                parsed = field switch
                {
                    1 => parsed with { WallTime = BitConverter.Int64BitsToDouble(number) },
                    2 => parsed with { Step = number },
                    3 => parsed with { Version = Encoding.UTF8.GetString(bytes) },
                    5 => parsed with { Scalars = [.. Fields(bytes).Select(v => { Assert.Equal(1, v.Field); return Scalar(v.Bytes); })] },
                    7 => parsed with { SessionStatus = Assert.Single(Fields(bytes), f => f.Field == 1).Number },
                    _ => throw new InvalidDataException($"field {field}"),
                };
            }

            return parsed;
        }

        private static (string Tag, float Value) Scalar(ReadOnlySpan<byte> message)
        {
            List<(int Field, long Number, byte[] Bytes)> fields = Fields(message);
            Assert.Equal([1, 2], fields.Select(f => f.Field));
            return (Encoding.UTF8.GetString(fields[0].Bytes), BitConverter.Int32BitsToSingle((int)fields[1].Number));
        }

        private static List<(int Field, long Number, byte[] Bytes)> Fields(ReadOnlySpan<byte> message)
        {
            List<(int, long, byte[])> fields = [];
            while (!message.IsEmpty)
            {
                long key = Varint(ref message);
                int length = (key & 7) switch { 1 => 8, 5 => 4, 2 => (int)Varint(ref message), _ => 0 };
                byte[] bytes = message[..length].ToArray();
                message = message[length..];
                long number = (key & 7) switch
                {
                    0 => Varint(ref message),
                    1 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
                    5 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
                    _ => 0,
                };
                fields.Add(((int)(key >> 3), number, bytes));
            }

            return fields;
        }

        private static long Varint(ref ReadOnlySpan<byte> bytes)
        {
            long value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte b = bytes[0];
                bytes = bytes[1..];
                value |= (long)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
