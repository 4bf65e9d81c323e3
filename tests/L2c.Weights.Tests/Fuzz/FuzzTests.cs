using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using L2c.Testing;

namespace L2c.Weights.Tests.Fuzz;

/// <summary>Random damage to files of all formats: each is read to the end or refused, in little memory and few reads, and nothing else happens.</summary>
/// <remarks>A few thousand inputs run with the other tests; <c>dev/fuzz.sh</c> sets L2C_FUZZ_COUNT for many.</remarks>
public class FuzzTests(ITestOutputHelper output)
{
    private const int DefaultCount = 2000;
    private const long MostBytesRead = 1 << 20;
    private const long MostBytesAllocated = 4 << 20, MostBytesFetched = 16 << 20;

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
            bool accepted = ReadOrRefuse(source);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.InRange(allocated, 0, MostBytesAllocated);
            Assert.InRange(source.BytesRead, 0, MostBytesFetched);
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

    private static bool ReadOrRefuse(ByteSource source)
    {
        try
        {
            using TensorFile file = TensorFiles.Open(source);
            long budget = MostBytesRead;
            foreach (TensorInfo tensor in file.Tensors)
            {
                Assert.Same(tensor, file.Find(tensor.Name));
                byte[] elements = new byte[Math.Min(tensor.Bytes, budget) / tensor.Type.Size() * tensor.Type.Size()];
                file.ReadBytes(tensor, 0, elements);
                file.ReadBytes(tensor, tensor.Count - (elements.Length / tensor.Type.Size()), elements);
                budget -= elements.Length;
            }

            return true;
        }
        catch (MalformedFileException e)
        {
            Assert.StartsWith("memory: ", e.Message);
            Assert.Contains("; ", e.Message);
            Assert.DoesNotContain(e.Message, char.IsControl);
            return false;
        }
    }
}
