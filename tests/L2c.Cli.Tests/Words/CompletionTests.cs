using System.Diagnostics;
using L2c.Cli.Parsing;

namespace L2c.Cli.Tests.Words;

/// <summary>What a shell offers at the cursor.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Theory]
    [InlineData("l2c sam", "sample")]
    [InlineData("l2c bench ", "forward sample")]
    [InlineData("l2c help b", "bench")]
    [InlineData("l2c help bench f", "forward")]
    [InlineData("l2c completion ", "bash pwsh zsh")]
    [InlineData("l2c sample --sam", "--sampler")]
    [InlineData("l2c sample --device ", "auto cpu cuda emulator")]
    [InlineData("l2c sample --use E", "ema")]
    [InlineData("l2c sample --sampler dpm-solver:", "dpm-solver:1 dpm-solver:2 dpm-solver:3")]
    [InlineData("l2c sample --sampler=DDI", "ddim")]
    [InlineData("l2c sample --cache t", "taylor-lite: taylor: top:")]
    [InlineData("l2c train --data sh", "shapes shapes2")]
    [InlineData("l2c train --resume-from-checkpoint la", "latest")]
    [InlineData("l2c metrics --recipe ", "adm ptfid")]
    [InlineData("l2c bench forward --model u-vit-s", "U-ViT-S/4 64")]
    [InlineData("l2c inspect a.pt --th", "--threshold")]
    [InlineData("l2c sample --ckpt ", "")] // names of files
    [InlineData("l2c sample --out r", "")]
    [InlineData("l2c inspect ", "")]
    [InlineData("l2c inspect ro", "")]
    [InlineData("l2c sample --count ", "")]
    public void Words_that_fit_are_suggested(string line, string words) =>
        Assert.Equal(words, string.Join(' ', Suggestions.At(CommandTree.Root(), line)));

    [Fact]
    public void Options_are_suggested_where_a_command_takes_nothing_else()
    {
        IReadOnlyList<string> options = Suggestions.At(CommandTree.Root(), "l2c sample ");
        Assert.Contains("--router", options);
        Assert.DoesNotContain("-n", options);
        Assert.Contains("-n", Suggestions.At(CommandTree.Root(), "l2c sample -"));
    }

    [Fact]
    public void The_directive_prints_the_words_up_to_the_cursor()
    {
        CliResult result = _cli.Run("[suggest:12]", "l2c sample -ckpt a.pt");
        Assert.Equal((0, ""), (result.Code, result.Err));
        Assert.Contains("--router\n", result.Out, StringComparison.Ordinal);
        Assert.Equal("train\ntrain-router\n", _cli.Run("[suggest]", "l2c tra").Out);
        Assert.Equal("train\ntrain-router\n", _cli.Run("[suggest:999]", "l2c tra").Out);
    }

    [Theory]
    [InlineData("bash", "complete -o default")]
    [InlineData("ZSH", "#compdef l2c")]
    [InlineData("pwsh", "Register-ArgumentCompleter -Native -CommandName l2c")]
    public void A_script_is_printed_for_each_shell(string shell, string line)
    {
        CliResult result = _cli.Run("completion", shell);
        Assert.Equal((0, ""), (result.Code, result.Err));
        Assert.Contains(line, result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bash_completes_commands_options_and_values_and_leaves_files_to_itself()
    {
        (string Line, string Reply)[] cases =
        [
            ("l2c samp", "sample"),
            ("FOLD=1 l2c sample --cfg", "--cfg-scale"),
            ("l2c sample --sampler dpm-solver:", "1 2 3"), // bash has split at the colon
            ("l2c sample --sampler=dpm-solver++:2", "2m 2s"),
            ("l2c sample --cache int", "interval:"),
            ("l2c sample --cache interval:", ""),
            ("l2c bench forward --model u-vit-s", @"U-ViT-S/4\ 64"),
            ("l2c sample --ckpt ", ""),
            ("l2c inspect ", ""),
        ];
        string[] lines = await Bash(
            """
            l2c() { dotnet "$L2C" "$@"; }
            source <(l2c completion bash)
            complete -p l2c
            COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
            for COMP_LINE in "$@"; do
                COMP_POINT=${#COMP_LINE}
                _l2c l2c
                echo "${COMPREPLY[*]}"
            done
            """,
            [.. cases.Select(c => c.Line)]);
        Assert.Matches("^complete -o default (-o nosort )?-F _l2c l2c$", lines[0]);
        Assert.Equal(cases.Select(c => (c.Line, c.Reply)), cases.Select((c, i) => (c.Line, lines[i + 1])));
    }

    public void Dispose() => _cli.Dispose();

    private async Task<string[]> Bash(string script, string[] args)
    {
        ProcessStartInfo start = new("bash", ["--norc", "-c", script, "bash", .. args])
        {
            WorkingDirectory = _cli.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["L2C"] = Path.Combine(AppContext.BaseDirectory, "l2c.dll");
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs bash");
        }

        using (process)
        {
            Task<string> error = process!.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal((0, ""), (process.ExitCode, await error));
            return output.Split('\n');
        }
    }
}
