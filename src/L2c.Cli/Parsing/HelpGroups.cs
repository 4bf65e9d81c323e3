using System.CommandLine;

namespace L2c.Cli.Parsing;

/// <summary>How help orders commands and options, and its examples. What is not listed here stands under a heading of its own.</summary>
internal static class HelpGroups
{
    private const string Rest = "Options", General = "General";

    private static readonly (string Title, string[] Names)[] _options =
    [
        ("Model", ["--ckpt", "--use", "--model", "--heads", "--num-classes"]),
        (Rest, []),
        ("Caching", ["--router", "--threshold", "--cache", "--cache-dtype", "--save-schedule", "--schedule-format", "--compare"]),
        ("Timing", ["--runs", "--warmup", "--predict"]),
        ("Device", ["--device", "--dtype", "--threads", "--tune", "--fused-gelu", "--graph"]),
        ("Output", ["--out", "--rank", "--ranks", "--separate", "--trajectory", "--plot", "--trace", "--dry-run", "--ckpt-every", "--log-every",
            "--sample-every", "--resume-from-checkpoint", "--save-result", "--force", "--json"]),
        (General, ["--quiet", "--no-progress", "--debug", "--help", "--version"]),
    ];

    private static readonly (string Title, string[] Names)[] _commands =
    [
        ("Sampling", ["sample", "gather"]),
        ("Inspection and speed", ["inspect", "report", "profile", "plan", "bench", "kernels"]),
        ("Training", ["train-router", "train", "encode"]),
        ("Caching", ["calibrate", "fit-forecast", "methods"]),
        ("Quality of images", ["evaluate", "metrics", "sweep"]),
        ("Other commands", ["devices", "completion", "help"]),
    ];

    // The names of the folders and files are those that the commands write by default, or the published ones.
    private static readonly Dictionary<string, string[]> _examples = new()
    {
        ["l2c"] = ["l2c sample", "l2c sample --ckpt DiT-XL-2-256x256.pt --classes 207,360", "l2c help sample"],
        ["l2c sample"] =
        [
            "l2c sample --ckpt DiT-XL-2-256x256.pt --vae vae.safetensors --classes 207,360 -s 50 --cfg-scale 4",
            "l2c sample --cache interval:2 --compare",
            "l2c sample -n 50000 -o samples.npz",
        ],
        ["l2c gather"] = ["l2c gather samples -o samples.npz"],
        ["l2c inspect"] = ["l2c inspect DiT-XL-2-256x256.pt --summary", "l2c inspect DDIM50_router.pt --plot router.png", "l2c inspect --diff a.json b.json"],
        ["l2c report"] = ["l2c report samples/0001.png", "l2c report runs/router", "l2c report DDIM50_router.pt --model DiT-XL/2 -o router.html"],
        ["l2c profile"] = ["l2c profile --cache interval:2", "l2c profile --plan --ckpt DiT-XL-2-256x256.pt -s 50 --router DDIM50_router.pt",
            "l2c profile --model DiT-XL/2 --batch 8 -s 1 --device emulator --predict h200"],
        ["l2c plan"] = ["l2c plan --budget 0.6", "l2c plan --budget 0.5 --ckpt DiT-XL-2-256x256.pt -s 50 -o half.json"],
        ["l2c bench"] = ["l2c bench forward --model DiT-S/2 --batch 8", "l2c bench sample --cache interval:2"],
        ["l2c bench forward"] = ["l2c bench forward --model DiT-XL/2 --batch 1", "l2c bench forward --model 12x192x3/2 --batch 32"],
        ["l2c bench sample"] = ["l2c bench sample --model DiT-S/2 --cache interval:2"],
        ["l2c fit-forecast"] = ["l2c fit-forecast --cache interval:3 -o forecast.json", "l2c fit-forecast --router runs/router/router.safetensors --terms 3"],
        ["l2c train-router"] =
        [
            "l2c train-router -o runs/router",
            "l2c train-router --ckpt DiT-XL-2-256x256.pt -s 50 --data latents --init DDIM50_router.pt",
        ],
        ["l2c train"] = ["l2c train --model 8x128x2/4 --data shapes2", "l2c train --resume-from-checkpoint latest"],
        ["l2c encode"] = ["l2c encode imagenet/train latents --vae vae.safetensors --image-size 256"],
        ["l2c evaluate"] = ["l2c evaluate -n 1000 --ddim none", "l2c evaluate samples.npz"],
        ["l2c metrics"] = ["l2c metrics samples.npz reference.npz --inception pt_inception-2015-12-05-6726825d.pth"],
        ["l2c sweep"] = ["l2c sweep --dry-run", "l2c sweep --router runs/router/router.safetensors -n 1000"],
        ["l2c calibrate"] =
        [
            "l2c calibrate --alpha 0.08,0.18",
            "l2c calibrate --method magcache --ckpt DiT-XL-2-256x256.pt -s 50 -o calibration",
        ],
        ["l2c kernels"] = ["l2c kernels", "l2c kernels show FlashAttentionKernel.FlashAttention.72 --counts"],
        ["l2c kernels list"] = ["l2c kernels list --json"],
        ["l2c kernels show"] =
        [
            "l2c kernels show FlashAttentionKernel.FlashAttention.72 --ptx",
            "l2c kernels show BlendKernel.Eights --target sm_80",
        ],
        ["l2c methods"] = ["l2c methods --json"],
        ["l2c devices"] = ["l2c devices --json"],
        ["l2c completion"] = ["source <(l2c completion bash)"],
        ["weights-converter"] =
        [
            "weights-converter DiT-XL-2-256x256.pt dit-xl-2-256.safetensors --dtype fp16 --verify",
            "weights-converter --list DiT-XL-2-256x256.pt",
        ],
        ["l2c help"] = ["l2c help bench forward"],
    };

    /// <summary>The lines at the end of a command's help.</summary>
    /// <param name="words">The command with the program's name.</param>
    public static IReadOnlyList<string> Examples(string words) => _examples.GetValueOrDefault(words) ?? [];

    /// <summary>Commands by their purpose; the few of a command that has some itself as they are.</summary>
    public static IEnumerable<(string Title, IEnumerable<Command> Members)> Of(Command parent)
    {
        Command[] all = [.. parent.Subcommands.Where(sub => !sub.Hidden)];
        return Grouped(all, parent is RootCommand ? _commands : [], command => command.Name, "Commands");
    }

    /// <summary>Options by what they are about; a group of one is none.</summary>
    public static IEnumerable<(string Title, IEnumerable<Option> Members)> Of(IEnumerable<Option> members)
    {
        Option[] options = [.. members];
        HashSet<string> alone =
        [
            .. _options.Where(group => group.Title != General && options.Count(option => group.Names.Contains(option.Name)) == 1)
                .SelectMany(group => group.Names),
        ];
        return Grouped(options, [.. _options.Select(group => (group.Title, group.Names.Except(alone).ToArray()))], option => option.Name, Rest);
    }

    private static IEnumerable<(string Title, IEnumerable<T> Members)> Grouped<T>(
        T[] all, (string Title, string[] Names)[] groups, Func<T, string> name, string rest)
    {
        T[] others = [.. all.Where(item => !Array.Exists(groups, group => group.Names.Contains(name(item))))];
        bool placed = Array.Exists(groups, group => group.Title == rest);
        foreach ((string title, string[] names) in placed ? groups : [(rest, []), .. groups])
        {
            yield return (title, title == rest ? others : names.SelectMany(n => all.Where(item => name(item) == n)));
        }
    }
}
