using L2c.Testing.Files;

namespace L2c.Weights.Tests;

public class MalformedFileTests
{
    // A byte of a pickle may ask for eight steps, and a step for a hundred bytes.
    private const long MaxAllocatedBytes = 256L << 20, FreeBytes = 16 << 20, AllocatedPerByte = 1000;

    public static TheoryData<string> Names => [.. MalformedFiles.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_refused_in_one_clear_line_and_in_little_memory(string name)
    {
        MalformedFile file = MalformedFiles.All.Single(f => f.Name == name);
        string path = Path.Combine(Path.GetTempPath(), $"l2c-{Guid.NewGuid():N}.bin");
        File.WriteAllBytes(path, file.Bytes);
        try
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            MalformedFileException refusal = Assert.Throws<MalformedFileException>(() => ReadEverything(path));
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            Assert.StartsWith($"{path}: ", refusal.Message);
            Assert.Contains("; ", refusal.Message);
            Assert.DoesNotContain(refusal.Message, char.IsControl);
            Assert.Contains(file.Reason, refusal.Message);
            Assert.InRange(refusal.Message.Length - path.Length, 1, 400);
            Assert.InRange(allocated, 0, Math.Min(FreeBytes + (AllocatedPerByte * file.Bytes.Length), MaxAllocatedBytes));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void There_are_enough_of_them_and_their_names_are_unique()
    {
        Assert.True(MalformedFiles.All.Count >= 40);
        Assert.Equal(MalformedFiles.All.Count, MalformedFiles.All.Select(f => f.Name).Distinct().Count());
    }

    private static void ReadEverything(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        foreach (TensorInfo tensor in file.Tensors)
        {
            byte[] bytes = new byte[tensor.Bytes];
            file.ReadBytes(tensor, 0, bytes);
        }
    }
}
