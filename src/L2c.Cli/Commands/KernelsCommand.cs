using System.CommandLine;
using L2c.Cli.Emulated;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Emulation;
using L2c.Kernels;
using L2c.Kernels.Cuda;
using L2c.Weights;

namespace L2c.Cli.Commands;

/// <summary><c>l2c kernels</c>: the kernels of the CUDA engine, and <c>l2c kernels show</c>: one of them.</summary>
internal sealed class KernelsCommand
{
    private const string DefaultType = "bf16";

    private readonly Argument<string> _name = new("NAME")
    {
        Description = "The kernel, with or without its type: FlashAttentionKernel.FlashAttention.72, 'BlendKernel.Eights fp16'",
    };

    private readonly Option<bool> _ptx = OptionFactory.Switch("--ptx", "Print its text, which is what a GPU's driver gets");
    private readonly Option<bool> _counts = OptionFactory.Switch(
        "--counts",
        "Count on the emulator what its launches in a run of one step do: instructions, sectors, wavefronts; --model and --batch say which run");

    private readonly Option<string?> _target = OptionFactory.Choice("--target", "What to compile for [default: sm_90]", "sm_80", "sm_90");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
    private readonly Option<string?> _model = OptionFactory.Text(
        "--model", "NAME", "With --counts: the network, with random weights, whose run launches it [default: DiT-XL/2]");

    private readonly Option<int?> _batch = OptionFactory.Whole(
        "--batch", 1, "With --counts: images, which guidance doubles [default: 8]", most: 4096);

    private KernelsCommand() => _name.Validators.Add(result => OptionFactory.RefuseEmpty(result, "NAME", "a kernel; l2c kernels lists them"));

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<bool> json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
        Command list = new("list", "Lists every kernel of the CUDA engine, its storage types and threads per block.") { json };
        list.SetAction(parsed => List(terminal, parsed.GetValue(json)));
        KernelsCommand self = new();
        Command show = new("show", "One kernel: its registers and instructions, its text, or what its launches do.")
        {
            self._name, self._ptx, self._counts, self._target, self._model, self._batch, self._json,
        };
        show.SetAction(parsed => self.Show(parsed, terminal));
        Command command = new("kernels", "The kernels of the CUDA engine; without a word after it, lists them.") { list, show };
        command.SetAction(_ => List(terminal, json: false));
        return command;
    }

    private static int List(Terminal terminal, bool json)
    {
        var kernels = KernelCatalog.All.GroupBy(form => (form.Name, form.Threads, form.MinBlocks)).Select(forms => new
        {
            forms.Key.Name,
            Dtypes = forms.Select(form => form.Type ?? "one").ToArray(),
            forms.Key.Threads,
            forms.Key.MinBlocks,
        }).ToArray();
        if (json)
        {
            terminal.PrintJson(new { Kernels = kernels });
            return ExitCode.Ok;
        }

        foreach (var kernel in kernels)
        {
            terminal.Out.WriteLine($"{kernel.Name,-64} {kernel.Threads,4} threads  {string.Join(' ', kernel.Dtypes)}");
        }

        terminal.Out.WriteLine($"{kernels.Length} kernels, {KernelCatalog.All.Count} forms");
        return ExitCode.Ok;
    }

    private int Show(ParseResult parsed, Terminal terminal)
    {
        bool ptx = parsed.GetValue(_ptx), counts = parsed.GetValue(_counts), json = parsed.GetValue(_json);
        if (ptx && (counts || json))
        {
            throw new UsageException("--ptx prints the text alone; omit --counts and --json");
        }

        if (!counts && (parsed.GetValue(_model) ?? (object?)parsed.GetValue(_batch)) is not null)
        {
            throw new UsageException("--model and --batch say which launches are counted; give --counts, or omit them");
        }

        KernelForm form = Find(parsed.GetRequiredValue(_name));
        PtxTarget target = parsed.GetValue(_target) == "sm_80" ? PtxTarget.Sm80 : PtxTarget.Sm90;
        terminal.Cancel.ThrowIfCancellationRequested();
        PtxCompiler compiler = new(DiskCache.Folder is { } folder ? new PtxCache(Path.Combine(folder, "ptx")) : null);
        PtxKernel kernel = form.Compile(compiler, target);
        if (ptx)
        {
            // A terminal gets no control characters, and to PTX a tab is a space.
            terminal.Out.Write(kernel.Text.Replace('\t', ' '));
            return ExitCode.Ok;
        }

        PtxEntry entry = PtxModule.Parse(kernel.Text).Entry(kernel.EntryName);
        PtxasReport? assembled = Ptxas.Find()?.Assemble(kernel.Text, target.Name);
        GpuModel? gpu = counts ? GpuModel.Find(target == PtxTarget.Sm80 ? "a100" : "h200") : null;
        IReadOnlyList<PredictedLaunches> launches = gpu is null ? [] : Launches(form, gpu, parsed, terminal);
        KernelText report = new(form, target, entry, assembled, gpu, launches);
        if (json)
        {
            terminal.PrintJson(report.ToJson());
        }
        else
        {
            report.Print(terminal.Out);
        }

        return ExitCode.Ok;
    }

    private List<PredictedLaunches> Launches(KernelForm form, GpuModel gpu, ParseResult parsed, Terminal terminal)
    {
        string model = parsed.GetValue(_model) ?? "DiT-XL/2";
        CudaPrecision precision = form.Type switch
        {
            "fp32" => CudaPrecision.F32,
            "fp16" => CudaPrecision.F16,
            _ => CudaPrecision.BF16,
        };
        RunRequest run = new(
            null,
            Weights.Layouts.LayoutHints.None with { Model = model },
            new DeviceChoice { Ordinal = 0, Precision = precision },
            new SampleRequest { Steps = "1", Batch = parsed.GetValue(_batch) ?? 8 });
        List<PredictedLaunches> launches = [.. RunPrediction.Of(gpu, run, terminal).Kernels.Where(row => row.Name == form.FullName)];
        return launches.Count > 0
            ? launches
            : throw new UsageException($"a sampling run of {model} does not launch {form.FullName}; give another --model, or omit --counts");
    }

    private static KernelForm Find(string name)
    {
        KernelForm[] forms = [.. KernelCatalog.All.Where(form => form.Name == name || form.FullName == name)];
        return forms.FirstOrDefault(form => form.FullName == name) ?? forms.FirstOrDefault(form => form.Type == DefaultType) ?? forms.FirstOrDefault()
            ?? throw new UsageException(
                $"no kernel '{name}'{KnownWords.DidYouMean(name, [.. KernelCatalog.All.Select(form => form.Name).Distinct()])}; "
                + "l2c kernels lists them");
    }
}
