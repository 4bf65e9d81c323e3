using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using L2c.Emulation;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>NVIDIA's assembler accepts every kernel, finds registers for everything, and takes no more of them than docs/cuda-kernels.md
/// says.</summary>
/// <remarks>Another version of it may take others: then only stack and spills are checked. L2C_UPDATE_REGISTERS=1 writes the table anew.</remarks>
public sealed class PtxasTests
{
    private const string Table = "docs/cuda-kernels.md";

    [Fact]
    public void Every_kernel_needs_no_stack_spills_nothing_and_keeps_to_its_registers()
    {
        Ptxas ptxas = PtxasUnderTest.Require();
        Assert.SkipUnless(RepositoryPaths.Root is { } root && File.Exists(Path.Combine(root, Table)), $"no checkout: {Table} is not there");
        ConcurrentBag<string> faults = [];
        ConcurrentDictionary<string, int[]> byName = [];
        Parallel.ForEach(KernelForms.All, form =>
        {
            PtxasReport[] reports = [.. KernelForms.Targets.Select(target => ptxas.Assemble(KernelForms.Compile(form, target)))];
            byName[form.FullName] = [.. reports.Select(report => report.Registers)];
            if (reports.Any(report => report is not { StackBytes: 0, SpillStoreBytes: 0, SpillLoadBytes: 0 }))
            {
                faults.Add($"{form.FullName}: {string.Join(", ", reports)} (no stack, no spills)");
            }
        });
        Assert.Empty(faults);
        SortedDictionary<string, int[]> measured = new(byName, StringComparer.Ordinal);

        string path = Path.Combine(RepositoryPaths.Root!, Table);
        if (Environment.GetEnvironmentVariable("L2C_UPDATE_REGISTERS") == "1")
        {
            Write(path, ptxas.Version(), measured);
        }

        Dictionary<string, int[]> committed = Read(path);
        Assert.Equal(committed.Keys.Order(StringComparer.Ordinal), measured.Keys);
        foreach ((string name, int[] registers) in measured)
        {
            Assert.True(
                registers[0] <= committed[name][0] && registers[1] <= committed[name][1],
                $"{name}: {registers[0]} registers on sm_80 and {registers[1]} on sm_90, {Table} has {committed[name][0]} and {committed[name][1]}; "
                    + "if that is meant, write it anew with L2C_UPDATE_REGISTERS=1");
        }
    }

    private static Dictionary<string, int[]> Read(string path) => File.ReadLines(path)
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .Where(cells => cells.Length == 6 && int.TryParse(cells[3], out _))
        .ToDictionary(cells => cells[1], cells => new[] { int.Parse(cells[3], CultureInfo.InvariantCulture), int.Parse(cells[4], CultureInfo.InvariantCulture) });

    private static void Write(string path, string version, SortedDictionary<string, int[]> measured)
    {
        Dictionary<string, int> threads = KernelForms.All.ToDictionary(form => form.FullName, form => form.Threads);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Registers of the CUDA kernels

            Registers per thread as ptxas {version} reports them; no kernel has a stack or spills. `PtxasTests` measures them where ptxas is present and
            fails on a kernel that needs more; `L2C_UPDATE_REGISTERS=1` writes this file anew. What each kernel does stands in its header.

            | kernel | threads per block | sm_80 | sm_90 |
            |---|---|---|---|

            """);
        foreach ((string name, int[] registers) in measured)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {threads[name]} | {registers[0]} | {registers[1]} |\n");
        }

        File.WriteAllText(path, text.ToString());
    }
}
