using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using L2c.Testing;

namespace L2c.Weights.Tests.Fuzz;

/// <summary>Random damage to files of all formats: each is read to the end or refused, in little memory and few reads, and nothing else happens. The bounds are in proportion to the
/// input.</summary>
/// <remarks>A few thousand inputs run with the other tests; <c>dev/fuzz.sh</c> sets L2C_FUZZ_COUNT for many.</remarks>
public class FuzzTests(ITestOutputHelper output)
{
    private const int DefaultCount = 2000;
    // What is read of an input's tensors; some of them promise terabytes.
    private const long MostBytesGiven = 1 << 20;

    // Bounds of an input, in proportion to its length and to what it gave out: reads of the source, bytes read of it, bytes allocated.
    private const long FreeReads = 64, ReadsPerByte = 2;
    private const long FreeBytes = 1 << 20, BytesPerByte = 40;

    [Fact]
    [Trait("Category", "Fuzz")]
    public void Damaged_files_are_read_or_refused()
    {
        int count = int.Parse(Environment.GetEnvironmentVariable("L2C_FUZZ_COUNT") ?? DefaultCount.ToString());
        SortedDictionary<string, (int Accepted, int Refused)> tally = [];
        Stopwatch watch = Stopwatch.StartNew();
        Property property = Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            (string kind, bool accepted) = TryOne(seed);
            (int a, int r) = tally.GetValueOrDefault(kind);
            tally[kind] = accepted ? (a + 1, r) : (a, r + 1);
        });
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(count).WithQuietOnSuccess(true));

        foreach ((string kind, (int accepted, int refused)) in tally)
        {
            output.WriteLine($"{kind,-20} {accepted,8} accepted {refused,8} refused");
        }

        output.WriteLine($"{tally.Values.Sum(t => t.Accepted + t.Refused)} inputs in {watch.Elapsed.TotalSeconds:F1} s, no failure");
        Assert.Equal(count, tally.Values.Sum(t => t.Accepted + t.Refused));
        Assert.All(tally.Values, t => Assert.True(t.Refused > 0, "no input of this kind was refused: the damage does nothing"));
        Assert.Contains(tally.Values, t => t.Accepted > 0);
    }

    [Fact]
    public void The_same_seed_gives_the_same_input_and_another_a_different_one()
    {
        Assert.Equal(Mutator.Make(17).Bytes, Mutator.Make(17).Bytes);
        Assert.True(Enumerable.Range(0, 100).Select(i => Convert.ToHexString(Mutator.Make(i).Bytes)).Distinct().Count() > 90);
    }

    private static (string Kind, bool Accepted) TryOne(int seed)
    {
        (string kind, byte[] bytes) = Mutator.Make(seed);
        try
        {
            CountedSource source = new(bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            (bool accepted, long given) = ReadOrRefuse(source);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.InRange(allocated, 0, FreeBytes + (BytesPerByte * (bytes.Length + given)));
            Assert.InRange(source.BytesRead, 0, FreeBytes + (BytesPerByte * (bytes.Length + given)));
            Assert.InRange(source.Reads, 0, FreeReads + (ReadsPerByte * (bytes.Length + given)));
            return (kind, accepted);
        }
        catch (Exception e)
        {
            string folder = Path.Combine(RepositoryPaths.Root ?? AppContext.BaseDirectory, "artifacts", "fuzz");
            _ = Directory.CreateDirectory(folder);
            string file = Path.Combine(folder, $"{kind}-{seed}.bin");
            File.WriteAllBytes(file, bytes);
            throw new InvalidOperationException($"seed {seed} ({kind}): {e.GetType().Name}: {e.Message}; the input is in {file}", e);
        }
    }

    private static (bool Accepted, long Given) ReadOrRefuse(ByteSource source)
    {
        long given = 0;
        try
        {
            using TensorFile file = TensorFiles.Open(source);
            foreach (TensorInfo tensor in file.Tensors)
            {
                Assert.Same(tensor, file.Find(tensor.Name));
                byte[] elements = new byte[Math.Min(tensor.Bytes, MostBytesGiven - given) / tensor.Type.Size() * tensor.Type.Size()];
                file.ReadBytes(tensor, 0, elements);
                file.ReadBytes(tensor, tensor.Count - (elements.Length / tensor.Type.Size()), elements);
                given += elements.Length;
            }

            return (true, given);
        }
        catch (MalformedFileException e)
        {
            Assert.StartsWith("memory: ", e.Message);
            Assert.Contains("; ", e.Message);
            Assert.DoesNotContain(e.Message, char.IsControl);
            return (false, given);
        }
    }
}
