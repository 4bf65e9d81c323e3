using L2c.Testing.Files;
using L2c.Weights.PyTorch;

namespace L2c.Weights.Tests;

public class Crc32Tests
{
    [Fact]
    public void The_known_check_value()
    {
        Assert.Equal(0xCBF43926u, Crc32.Append(0, "123456789"u8));
        Assert.Equal(0xCBF43926u, ZipBuilder.Crc("123456789"u8));
    }

    [Fact]
    public void Folding_equals_the_definition_at_every_length_and_split()
    {
        byte[] data = new byte[700];
        new Random(5).NextBytes(data);
        for (int length = 0; length <= data.Length; length++)
        {
            uint expected = ZipBuilder.Crc(data.AsSpan(0, length));
            int split = length * 2 / 3;
            Assert.Equal(expected, Crc32.Append(0, data.AsSpan(0, length)));
            Assert.Equal(expected, Crc32.AppendPlain(0, data.AsSpan(0, length)));
            Assert.Equal(expected, Crc32.Append(Crc32.Append(0, data.AsSpan(0, split)), data.AsSpan(split, length - split)));
        }
    }
}
