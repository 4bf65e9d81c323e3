namespace L2c.Kernels.Tests;

public sealed class InstructionSetTests
{
    [Theory]
    [InlineData("portable", InstructionSet.Portable)]
    [InlineData("Portable", InstructionSet.Portable)]
    [InlineData("AVX2", InstructionSet.Avx2)]
    [InlineData("avx2", InstructionSet.Avx2)]
    [InlineData("avx512", InstructionSet.Avx512)]
    internal void The_environment_forces_vectors_that_the_machine_has(string value, InstructionSet set)
    {
        if (set <= InstructionSets.Best)
        {
            Assert.Equal(set, InstructionSets.Choose(Variable(value)));
        }
        else
        {
            string message = Assert.Throws<InstructionSetException>(() => InstructionSets.Choose(Variable(value))).Message;
            Assert.StartsWith($"L2C_ISA={value}: this machine has ", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_it_the_widest_are_taken(string? value) => Assert.Equal(InstructionSets.Best, InstructionSets.Choose(Variable(value)));

    [Theory]
    [InlineData("avx")]
    [InlineData("sse")]
    public void Anything_else_is_refused(string value)
    {
        string message = Assert.Throws<InstructionSetException>(() => InstructionSets.Choose(Variable(value))).Message;
        Assert.Equal($"L2C_ISA={value}: no such vectors are known; give avx512, avx2 or portable, or unset it", message);
    }

    private static Func<string, string?> Variable(string? value) => name => name == "L2C_ISA" ? value : null;
}
