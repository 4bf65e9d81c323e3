using L2c.Testing.Files;
using L2c.Weights.PyTorch;
using L2c.Weights.Zip;

namespace L2c.Weights.Tests;

/// <summary>What reading costs in steps: genuine checkpoints stay far below the limit, and forged ones are refused at it.</summary>
public class WorkBudgetTests
{
    [Theory]
    [InlineData(0, 65_536)]
    [InlineData(1000, 73_536)]
    [InlineData(1 << 20, 2_000_000)]
    [InlineData(long.MaxValue, 2_000_000)]
    public void The_limit_grows_with_the_file_up_to_one_for_all(long bytes, long limit)
    {
        WorkBudget budget = new("file", "the header", bytes, "fetch it again");
        Assert.Equal(limit, budget.Limit);
        budget.Spend(limit - 1);
        budget.SpendOnText(16);
        Assert.Equal(limit, budget.Spent);
        Assert.Equal(
            $"file: the header takes more than {limit} steps to read, too many for {bytes} bytes; fetch it again",
            Assert.Throws<MalformedFileException>(() => budget.Spend(1)).Message);
    }

    [Theory]
    [InlineData(292, 30)] // DiT-XL/2
    [InlineData(2642, 60)] // Stable Diffusion XL with text encoders and decoder
    public void Checkpoints_of_training_take_less_than_half_of_the_steps(int parameters, int nameLength)
    {
        (WorkBudget work, StateDict? values) = Read(TrainingPickle.Make(parameters, nameLength));
        Assert.Equal(5 * parameters, values!.Tensors.Count);
        Assert.InRange(work.Spent, 5 * 40 * parameters, WorkBudget.MaxSteps / 2);
    }

    [Theory]
    [InlineData("pickle-billion-laughs", 71_000)]
    [InlineData("tensor-64-axes-many-times", 900_000)]
    [InlineData("pickle-many-operations", WorkBudget.MaxSteps)]
    public void A_forged_pickle_is_refused_at_its_limit(string name, long steps)
    {
        using ByteSource source = ByteSource.FromMemory("memory", MalformedFiles.All.Single(f => f.Name == name).Bytes);
        ZipReader zip = new(source);
        (WorkBudget work, StateDict? values) = Read(zip.ReadAll(zip.Find("archive/data.pkl")!, int.MaxValue));
        Assert.Null(values);
        Assert.InRange(work.Limit, 65_536, steps);
        Assert.InRange(work.Spent, work.Limit + 1, work.Limit + 100); // the greatest single step is that of 64 axes
    }

    [Fact]
    public void Values_of_a_byte_that_are_named_once_are_never_out_of_proportion()
    {
        PickleBuilder pickle = new PickleBuilder().Op("}").Text(new string('n', 60)).Op("](").Raw([.. Enumerable.Repeat((byte)'N', 200_000)]);
        (WorkBudget work, StateDict? values) = Read(pickle.Op("es").Stop());
        Assert.Equal(200_000, values!.Scalars.Count);
        Assert.InRange(work.Spent, 200_000, work.Limit);
    }

    public static TheoryData<string> Units => [.. _units.Keys];

    // What a forged pickle can repeat; the memo holds what Recalled puts there.
    private static readonly Dictionary<string, Func<PickleBuilder, PickleBuilder>> _units = new()
    {
        ["list"] = p => p.Op("]"),
        ["tuple"] = p => p.Op("h").Raw(0).Raw(0x85),
        ["dict of one"] = p => p.Op("}h").Raw(0).Op("Ns"),
        ["float"] = p => p.Float(0.5),
        ["short text"] = p => p.Raw(0x8C, 4).Op("abcd"),
        ["long text"] = p => p.Text(new string('\0', 1 << 20)),
        ["bytes"] = p => p.Op("C").Raw(8).Raw(new byte[8]),
        ["long bytes"] = p => p.Op("B").Int32(1 << 20).Raw(new byte[1 << 20]),
        ["OrderedDict"] = p => p.Op("h").Raw(1).Op(")R"),
        ["Namespace"] = p => p.Op("h").Raw(2).Op(")").Raw(0x81),
        ["tensor"] = p => p.Op("h").Raw(3).Op("h").Raw(4).Op("R"),
        ["type of NumPy"] = p => p.Op("h").Raw(5).Op("h").Raw(0).Raw(0x85).Op("R"),
        ["mark"] = p => p.Op("("),
        ["value under a long name"] = p => p.Op("N"),
    };

    [Theory]
    [MemberData(nameof(Units))]
    public void Whatever_a_pickle_repeats_it_is_read_or_refused_in_a_hundred_bytes_a_step(string name)
    {
        byte[] unit = _units[name](new PickleBuilder()).Unfinished()[2..];
        PickleBuilder pickle = Recalled(new PickleBuilder().Op("}(").Text("memo")).Text(new string('n', 1000)).Op("](");
        for (int count = Math.Min(2_100_000, (ReadLimits.PickleBytes - 4096) / unit.Length); count > 0; count--)
        {
            _ = pickle.Raw(unit);
        }

        byte[] bytes = pickle.Op("eu").Stop();
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = Read(bytes);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {allocated / 1e6:F0} MB");
        Assert.InRange(allocated, 0, 100 * WorkBudget.MaxSteps);
    }

    /// <summary>Puts what is recalled into the memo, by a dict under whose keys nothing is kept.</summary>
    private static PickleBuilder Recalled(PickleBuilder pickle)
    {
        _ = pickle.Op("}(N").Text("a").Op("q").Raw(0).Op("N").Global("collections", "OrderedDict").Op("q").Raw(1);
        _ = pickle.Op("N").Global("argparse", "Namespace").Op("q").Raw(2).Op("N").Global("torch._utils", "_rebuild_tensor_v2").Op("q").Raw(3);
        _ = pickle.Op("N(").Storage("0", "FloatStorage", 6).Int(0).Ints(6).Ints(1).Raw(0x89).Op("Ntq").Raw(4);
        return pickle.Op("N").Global("numpy", "dtype").Op("q").Raw(5).Op("u");
    }

    /// <summary>Interprets a pickle and flattens its value; null where it was refused for its steps.</summary>
    private static (WorkBudget Work, StateDict? Values) Read(byte[] pickle)
    {
        PickleInput input = new(ByteSource.FromMemory("memory", pickle), 0);
        Dictionary<string, TorchStorage> storages = [];
        try
        {
            object? value = PickleInterpreter.Run(input, storages);
            return (input.Work, StateDict.Flatten("memory", value, storages.Values, input.Work));
        }
        catch (MalformedFileException e) when (e.Message.Contains("steps to read", StringComparison.Ordinal))
        {
            return (input.Work, null);
        }
    }
}
