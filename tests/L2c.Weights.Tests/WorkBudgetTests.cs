using L2c.Testing.Files;
using L2c.Weights.PyTorch;

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
