using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Cli.Tests;

/// <summary>Short training runs in this process.</summary>
internal static class TrainingRuns
{
    /// <summary>A network that reads the built-in shapes, small enough to train in milliseconds.</summary>
    public static DitArchitecture Network { get; } = TinyModel.Pixels with
    {
        Name = "tiny shapes",
        InputSize = 32,
        PatchSize = 8,
        HiddenSize = 16,
        NumClasses = 10,
        ClassNames = [],
    };

    /// <summary>Options of a router run of a fraction of a second on the network that lies in <paramref name="ckpt"/>.</summary>
    public static string[] Router(string ckpt, string outFolder, params string[] more) => With(
        ["train-router", "--ckpt", ckpt, "--steps", "10", "--draws", "2", "--batch", "2", "--lr", "0.05", "--max-steps", "9", "--ckpt-every", "4",
            "--log-every", "2", "--device", "cpu", "--out", outFolder],
        more);

    /// <summary>Options of a run of a fraction of a second that trains a network.</summary>
    public static string[] Model(string outFolder, params string[] more) => With(
        ["train", "--model", "2x16x2/8", "--batch", "4", "--max-steps", "9", "--ckpt-every", "4", "--log-every", "2", "--device", "cpu",
            "--out", outFolder],
        more);

    /// <summary>Checks that two runs left the same bytes, TensorBoard's events apart.</summary>
    public static void AssertSameFiles(string expected, string actual)
    {
        string[] names = Names(expected);
        Assert.True(names.Length >= 4, string.Join(' ', names));
        Assert.Equal(names, Names(actual));
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(Path.Combine(expected, name)), File.ReadAllBytes(Path.Combine(actual, name))));
    }

    // What is given again replaces what is there: the program takes every option once.
    private static string[] With(string[] args, string[] more)
    {
        List<string> all = [.. args];
        for (int i = 0; i < more.Length; i++)
        {
            int at = more[i].StartsWith("--", StringComparison.Ordinal) ? all.IndexOf(more[i]) : -1;
            if (at > 0)
            {
                all[at + 1] = more[++i];
            }
            else
            {
                all.Add(more[i]);
            }
        }

        return [.. all];
    }

    private static string[] Names(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path))
            .Where(name => !name.StartsWith("tensorboard", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];
}
