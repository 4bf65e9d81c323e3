using System.Diagnostics;
using System.Text.Json;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Memory;
using L2c.Weights.Safetensors;

namespace WeightsConverter.Tests;

public sealed class ProgramTests
{
    [Theory]
    [InlineData("", "IN")]
    [InlineData("in.pt", "OUT.safetensors")]
    [InlineData("in.pt out.safetensors --dtype int8", "--dtype needs one of fp32, fp16, bf16, not 'int8'")]
    [InlineData("in.pt out.safetensors --use best", "--use needs one of ema, model, not 'best'")]
    [InlineData("no-such-file.pt out.pt", "out.pt: what is written is a safetensors file; give a name that ends in .safetensors")]
    [InlineData("no-such-file.pt out --verify --force", "out: what is written")]
    [InlineData("in.pt out.safetensors --heads 0", "a whole number of at least 1")]
    [InlineData("in.pt out.safetensors --heads many", "many")]
    [InlineData("in.pt out.safetensors more", "more")]
    [InlineData("in.pt out.safetensors --no-such-option", "--no-such-option")]
    [InlineData("in.pt out.safetensors --verfy", "weights-converter has no option --verfy; did you mean --verify?")]
    [InlineData("in.pt --lits", "did you mean --list?")]
    [InlineData("in.pt out.safetensors --dtype bf61", "--dtype needs one of fp32, fp16, bf16, not 'bf61'; did you mean bf16?")]
    [InlineData("in.pt out.safetensors --list", "--list")]
    [InlineData("in.pt --list --verify-only", "cannot be combined")]
    [InlineData("in.pt out.safetensors --verify-only --force", "--verify-only")]
    public void Mistakes_in_the_command_line_are_one_line_and_exit_code_2(string line, string says)
    {
        Tool run = Tool.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, run.Code);
        Assert.Contains(says, run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Theory]
    [InlineData("IN is empty", "", "out.safetensors")]
    [InlineData("OUT is empty", "in.pt", "")]
    [InlineData("--model is empty", "in.pt", "out.safetensors", "--model", "")]
    [InlineData("--name is empty", "in.pt", "out.safetensors", "--name", "")]
    [InlineData("--class-names is empty", "in.pt", "out.safetensors", "--class-names", " ")]
    [InlineData("--dtype needs one of fp32, fp16, bf16, not ''", "in.pt", "out.safetensors", "--dtype", "")]
    [InlineData("--use needs one of ema, model, not ''", "in.pt", "out.safetensors", "--use", "")]
    [InlineData("--heads", "in.pt", "out.safetensors", "--heads", "")]
    [InlineData("--num-classes", "in.pt", "out.safetensors", "--num-classes", "99999999999")]
    [InlineData("--input-size", "in.pt", "out.safetensors", "--input-size", "")]
    public void An_empty_or_absurd_value_is_a_wrong_command_line(string says, params string[] args)
    {
        Tool run = Tool.Run(args);
        Assert.Equal(2, run.Code);
        Assert.Contains(says, run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.DoesNotContain("xception", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1M", 1, "needs 44.0 MiB of memory, and 1.0 MiB are free by L2C_MEMORY; ")]
    [InlineData("few", 2, "L2C_MEMORY=few is not a size; ")]
    public void Too_little_memory_is_told_and_nothing_is_written(string memory, int code, string says)
    {
        using TemporaryFolder folder = new();
        using StringWriter output = new(), error = new();
        string[] args = [Router(folder), folder.File("out.safetensors")];
        Assert.Equal(code, Program.Run(args, output, error, false, CancellationToken.None, new HostMemory { Stated = memory }));
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("out.safetensors")));
    }

    [Fact]
    public void Help_goes_to_standard_output_and_names_the_default_type()
    {
        Tool run = Tool.Run("--help");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("[default: fp32]", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_input_is_kept_when_a_link_leads_to_it()
    {
        using TemporaryFolder folder = new();
        string input = Router(folder), link = folder.File("link.safetensors");
        byte[] before = File.ReadAllBytes(input);
        File.CreateSymbolicLink(link, input);
        Tool run = Tool.Run(link, input, "--force", "--dtype", "fp16");
        Assert.Equal(2, run.Code);
        Assert.Contains("is also the input", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(input));
    }

    [Fact]
    public void Options_that_do_not_apply_to_the_file_are_exit_code_2()
    {
        using TemporaryFolder folder = new();
        Tool run = Tool.Run(Router(folder), folder.File("out.safetensors"), "--heads", "4");
        Assert.Equal(2, run.Code);
        Assert.Contains("--heads does not apply", run.SingleErrorLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_existing_output_is_kept_unless_forced()
    {
        using TemporaryFolder folder = new();
        string input = Router(folder), output = folder.File("out.safetensors");
        File.WriteAllText(output, "precious");
        Tool run = Tool.Run(input, output);
        Assert.Equal(1, run.Code);
        Assert.Contains("--force", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(output));
        Assert.Equal(0, Tool.Run(input, output, "--force").Code);
        Assert.Equal(TensorType.F32, Tool.ReadAll(output)["logits"].Info.Type);
    }

    [Fact]
    public void A_missing_input_is_a_run_time_error()
    {
        Tool run = Tool.Run("no-such-file.pt", "out.safetensors");
        Assert.Equal(1, run.Code);
        Assert.Contains("no-such-file.pt: ", run.SingleErrorLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_of_the_output_is_judged_before_anything_is_read()
    {
        using TemporaryFolder folder = new();
        string input = Router(folder), output = folder.File("out.PT");
        Tool run = Tool.Run(input, output);
        Assert.Equal(2, run.Code);
        Assert.StartsWith($"weights-converter: error: {output}: ", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal([Path.GetFileName(input)], folder.Names);
        Assert.Equal(0, Tool.Run(input, folder.File("OUT.SafeTensors"), "--dtype", "FP16").Code);
    }

    [Fact]
    public void Fp16_that_would_overflow_names_the_tensor_and_leaves_nothing()
    {
        string source = Tool.Recorded(RepositoryPaths.Goldens, "dit_a_weights.safetensors");
        using TemporaryFolder folder = new();
        Dictionary<string, (TensorInfo Info, byte[] Bytes)> tensors = Tool.ReadAll(source);
        BitConverter.TryWriteBytes(tensors["blocks.2.mlp.fc1.bias"].Bytes.AsSpan(4 * 7), 65520f);
        IEnumerable<(TensorInfo, ReadOnlyMemory<byte>)> changed = tensors.Values.Select(t => (t.Info, (ReadOnlyMemory<byte>)t.Bytes));
        SafetensorsData.Write(folder.File("in.safetensors"), changed, null, overwrite: false);

        Tool run = Tool.Run(folder.File("in.safetensors"), folder.File("out.safetensors"), "--dtype", "fp16", "--heads", "4");

        Assert.Equal(4, run.Code);
        Assert.Contains("element 7 of blocks.2.mlp.fc1.bias", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal(["in.safetensors"], folder.Names);
        Assert.Equal(0, Tool.Run(folder.File("in.safetensors"), folder.File("out.safetensors"), "--dtype", "bf16", "--heads", "4", "--verify").Code);
    }

    [Fact]
    public void A_damaged_output_does_not_pass_verify_only()
    {
        using TemporaryFolder folder = new();
        string input = Router(folder), output = folder.File("out.safetensors");
        Assert.Equal(0, Tool.Run(input, output).Code);
        Assert.Equal(0, Tool.Run(input, output, "--verify-only").Code);
        byte[] bytes = File.ReadAllBytes(output);
        bytes[^5] ^= 1;
        File.WriteAllBytes(output, bytes);
        Tool run = Tool.Run(input, output, "--verify-only");
        Assert.Equal(4, run.Code);
        Assert.Contains("element 6 of logits", run.SingleErrorLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void Interruption_is_130_and_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        string input = Router(folder);
        Tool run = Tool.RunUntil(new CancellationToken(canceled: true), input, folder.File("out.safetensors"));
        Assert.Equal(130, run.Code);
        Assert.Contains("interrupted", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal([Path.GetFileName(input)], folder.Names);
    }

    [Fact]
    public void Json_is_one_object_with_the_architecture()
    {
        using TemporaryFolder folder = new();
        Tool run = Tool.Run(Router(folder), folder.File("out.safetensors"), "--json", "--verify", "--name", "mine");
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal("mine", json.RootElement.GetProperty("architecture").GetProperty("name").GetString());
        Assert.Equal(8, json.RootElement.GetProperty("parameterCount").GetInt64());
        Assert.True(json.RootElement.GetProperty("verified").GetBoolean());
        using JsonDocument list = JsonDocument.Parse(Tool.Run(folder.File("out.safetensors"), "--list", "--json").Output);
        Assert.Equal("logits", list.RootElement.GetProperty("tensors")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_process_itself_ends_with_the_same_codes()
    {
        using TemporaryFolder folder = new();
        string input = Router(folder);
        Assert.Equal((0, ""), await Process(input, folder.File("out.safetensors"), "--verify"));
        (int code, string error) = await Process(input);
        Assert.Equal(2, code);
        Assert.StartsWith("weights-converter: error: ", error, StringComparison.Ordinal);
        File.WriteAllText(folder.File("bad.pt"), "not a checkpoint");
        (code, error) = await Process(folder.File("bad.pt"), folder.File("bad.safetensors"));
        Assert.Equal(4, code);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.False(File.Exists(folder.File("bad.safetensors")));
    }

    private static async Task<(int Code, string Error)> Process(params string[] args)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "weights-converter"), args)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process process = System.Diagnostics.Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await output;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, error);
    }

    private static string Router(TemporaryFolder folder)
    {
        string path = folder.File("router.safetensors");
        SafetensorsData.Write(path, [("0.prob", [4], [1, 2, 3, 4]), ("1.prob", [4], [5, 6, 7, 8])], null, overwrite: false);
        return path;
    }
}
