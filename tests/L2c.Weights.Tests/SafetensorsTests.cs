using System.Text;
using L2c.Testing.Files;
using L2c.Weights.Safetensors;

namespace L2c.Weights.Tests;

public class SafetensorsTests
{
    private static readonly Dictionary<string, string> _none = [];

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>()];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_survives_writing_and_reading_in_every_shape(TensorType type)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.safetensors");
        (TensorInfo Info, ReadOnlyMemory<byte> Elements)[] tensors =
            [.. new long[][] { [3, 2], [], [0, 4], [1], [5, 1, 1, 1] }.Select((shape, i) => Tensor($"t{i}", type, shape))];
        SafetensorsData.Write(path, tensors, new Dictionary<string, string> { ["köy \"1\""] = "line\nfeed" }, overwrite: false);

        using TensorFile file = TensorFiles.Open(path);
        Assert.Equal("safetensors", file.Format);
        Assert.Equal("line\nfeed", Assert.Single(file.Metadata, pair => pair.Key == "köy \"1\"").Value);
        Assert.Equal(tensors.Select(t => t.Info.Name), file.Tensors.Select(t => t.Name));
        foreach ((TensorInfo info, ReadOnlyMemory<byte> elements) in tensors)
        {
            TensorInfo read = file.Find(info.Name)!;
            Assert.Equal(type, read.Type);
            Assert.Equal(info.Shape, read.Shape);
            Assert.Equal(elements.ToArray(), file.Bytes(info.Name));
        }
    }

    [Fact]
    public void Equal_content_gives_equal_files_with_aligned_data()
    {
        using TemporaryFolder folder = new();
        (TensorInfo, ReadOnlyMemory<byte>)[] tensors = [Tensor("w", TensorType.F32, [2])];
        SafetensorsData.Write(folder.File("a"), tensors, new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }, overwrite: false);
        SafetensorsData.Write(folder.File("b"), tensors, new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, overwrite: false);
        byte[] bytes = File.ReadAllBytes(folder.File("a"));

        Assert.Equal(bytes, File.ReadAllBytes(folder.File("b")));
        Assert.Equal(0, BitConverter.ToInt64(bytes) % 8);
        string expected = "{\"__metadata__\":{\"a\":\"1\",\"b\":\"2\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
        Assert.StartsWith(expected, Encoding.UTF8.GetString(bytes, 8, bytes.Length - 8));
    }

    [Fact]
    public void Tensors_are_listed_in_the_order_of_their_data_whatever_the_header_says()
    {
        using TensorFile file = Reading.Open(FileBytes.Safetensors(
            "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},"
            + "\"a\":{\"data_offsets\":[0,1],\"shape\":[1],\"dtype\":\"U8\"}}\t ", 7, 8));

        Assert.Equal(["a", "e", "b"], file.Tensors.Select(t => t.Name));
        Assert.Equal([8], file.Bytes("b"));
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("\t\r\n ")]
    [InlineData("        ")]
    [InlineData("{0}")]
    public void White_space_before_the_header_is_accepted(string space)
    {
        space = space == "{0}" ? new string(' ', 1000) : space;
        using TensorFile file = Reading.Open(FileBytes.Safetensors(space + "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 7));
        Assert.Equal([7], file.Bytes("a"));
    }

    [Fact]
    public void As_many_tensors_as_the_limit_says_are_read()
    {
        IEnumerable<string> entries = Enumerable.Range(0, ReadLimits.Tensors)
            .Select(i => $"\"model.diffusion_model.{i}.weight\":{{\"dtype\":\"F32\",\"shape\":[0,1],\"data_offsets\":[0,0]}}");
        using TensorFile file = Reading.Open(FileBytes.Safetensors($"{{{string.Join(',', entries)}}}"));
        Assert.Equal(ReadLimits.Tensors, file.Tensors.Count);
    }

    [Fact]
    public void No_tensors_at_all_is_a_valid_file()
    {
        using TensorFile file = Reading.Open(FileBytes.Safetensors("{}"));
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void A_header_whose_length_spells_the_zip_signature_is_still_safetensors()
    {
        byte[] header = new byte[0x04034B50];
        Array.Fill(header, (byte)' ');
        "{}"u8.CopyTo(header);
        using TensorFile file = Reading.Open(FileBytes.Safetensors(header, []));
        Assert.Equal("safetensors", file.Format);
    }

    [Fact]
    public void Parts_of_a_tensor_are_read_at_any_element()
    {
        using TensorFile file = Reading.Open(SixIntegers());
        byte[] part = new byte[8];
        file.ReadBytes(file.Tensors[0], 3, part);
        Assert.Equal([12, 13, 14, 15, 16, 17, 18, 19], part);
    }

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(5, 8)]
    [InlineData(7, 0)]
    [InlineData(0, 3)]
    public void Requests_outside_the_tensor_or_of_parts_of_elements_are_the_callers_fault(long first, int bytes)
    {
        using TensorFile file = Reading.Open(SixIntegers());
        Assert.ThrowsAny<ArgumentException>(() => file.ReadBytes(file.Tensors[0], first, new byte[bytes]));
        Assert.ThrowsAny<ArgumentException>(() => file.ReadBytes(new TensorInfo("a", TensorType.I32, [2, 3]), 0, new byte[4]));
    }

    [Fact]
    public void The_writer_refuses_too_many_or_too_few_bytes_and_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        using (SafetensorsWriter writer = new(folder.File("a"), [new TensorInfo("w", TensorType.F32, [2])], _none, overwrite: false))
        {
            writer.Write(new byte[6]);
            Assert.Throws<InvalidOperationException>(() => writer.Write(new byte[3]));
            Assert.Throws<InvalidOperationException>(writer.Commit);
        }

        Assert.Empty(folder.Files);
    }

    [Fact]
    public void The_writer_refuses_names_twice_reserved_names_and_negative_extents()
    {
        using TemporaryFolder folder = new();
        TensorInfo w = new("w", TensorType.F32, [2]);
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(folder.File("a"), [w, w], _none, overwrite: false));
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(folder.File("a"), [w with { Name = "__metadata__" }], _none, overwrite: false));
        Assert.ThrowsAny<ArgumentException>(() => new SafetensorsWriter(folder.File("a"), [w with { Shape = [-2] }], _none, overwrite: false));
        Assert.Empty(folder.Files);
    }

    private static byte[] SixIntegers() =>
        FileBytes.Safetensors("{\"a\":{\"dtype\":\"I32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", FileBytes.Counting(24));

    private static (TensorInfo Info, ReadOnlyMemory<byte> Elements) Tensor(string name, TensorType type, long[] shape)
    {
        TensorInfo info = new(name, type, shape);
        byte[] bytes = FileBytes.Counting((int)info.Bytes);
        return (info, type == TensorType.Bool ? [.. bytes.Select(b => (byte)(b % 2))] : bytes);
    }
}
