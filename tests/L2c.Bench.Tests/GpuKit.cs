using System.Diagnostics;
using System.Globalization;
using L2c.Testing;

namespace L2c.Bench.Tests;

/// <summary>
/// An archive of dev/gpu whose programs take the time that a test says: the scripts as they are, programs that are empty, and on the path a
/// <c>timeout</c> that moves a clock instead of running them. The scripts read that clock.
/// </summary>
internal sealed class GpuKit : IDisposable
{
    // Of "timeout -k 5 LIMIT COMMAND..." the command takes the seconds of the last line of `durations` (pattern, seconds) that matches it. "timeout LIMIT
    // COMMAND..." is the probe's and runs.
    private const string Timeout = """
        #!/usr/bin/env bash
        [ "$1" = -k ] || { shift; exec "$@"; }
        limit=$3 began=$(cat "$KIT/clock") takes=""
        shift 3
        while IFS=$'\t' read -r pattern seconds; do [[ "$*" == $pattern ]] && takes=$seconds; done < "$KIT/durations"
        [ -n "$takes" ] || { echo "nothing is said of $*" >&2; exit 99; }
        printf '%s\t%s\t%s\n' "$began" "$limit" "$*" >> "$KIT/started"
        [ "$takes" -le "$limit" ] || { echo $((began + limit)) > "$KIT/clock"; exit 124; }
        echo $((began + takes)) > "$KIT/clock"
        """;

    private readonly TemporaryFolder _folder = new();

    /// <summary>Lays it out. Every command takes ten seconds unless a test says otherwise.</summary>
    public GpuKit()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "runs the scripts by bash, tar and timeout");
        string scripts = Path.Combine(RepositoryPaths.Root!, "dev", "gpu");
        foreach (string name in (string[])["lib", "bin", "path"])
        {
            Directory.CreateDirectory(_folder.File(name));
        }

        File.Copy(Path.Combine(scripts, "run.sh"), _folder.File("run.sh"));
        foreach (string part in (string[])["probe", "plan", "stages", "benchmarks"])
        {
            File.Copy(Path.Combine(scripts, $"{part}.sh"), _folder.File($"lib/{part}.sh"));
        }

        File.AppendAllText(_folder.File("lib/stages.sh"), "now() { cat \"$KIT/clock\"; }\n");
        File.WriteAllText(_folder.File("L2c.archive"), "commit=abc\n");
        Program("path/timeout", Timeout);
        Program("path/python3", "#!/bin/sh\necho cuda 2.11\n");
        Program("path/compute-sanitizer", "#!/bin/sh\necho 1\n");
        Program("bin/l2c", "#!/bin/sh\necho '{}'\n");
        Program("bin/l2c-bench", "#!/bin/sh\necho \"$@\" > \"$KIT/report\"\n");
        Takes("*", 10);
    }

    /// <summary>Seconds of the clock.</summary>
    public int Clock => int.Parse(File.ReadAllText(_folder.File("clock")), CultureInfo.InvariantCulture);

    /// <summary>What was started: when, with what limit, and the command line.</summary>
    public IReadOnlyList<(int Second, int Limit, string Command)> Started =>
        [.. Lines("started").Select(cells => (Whole(cells[0]), Whole(cells[1]), cells[2]))];

    /// <summary>What gpu-results was called with.</summary>
    public string Report => File.ReadAllText(_folder.File("report")).Trim();

    /// <summary>Says how long commands take that match a pattern of the shell.</summary>
    public void Takes(string pattern, int seconds) => File.AppendAllText(_folder.File("durations"), $"{pattern}\t{seconds}\n");

    /// <summary>Calls run.sh, from the clock's zero.</summary>
    /// <returns>The exit code and standard output.</returns>
    public (int Code, string Out) Run(string arguments)
    {
        File.WriteAllText(_folder.File("clock"), "0\n");
        File.WriteAllText(_folder.File("started"), "");
        ProcessStartInfo info = new("/bin/bash", [_folder.File("run.sh"), .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = _folder.Path,
        };
        info.Environment["KIT"] = _folder.Path;
        info.Environment["PATH"] = $"{_folder.File("path")}:{info.Environment["PATH"]}";
        using Process process = Process.Start(info)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    /// <summary>The steps of a call: name, status, seconds, note.</summary>
    public IReadOnlyList<string[]> Steps(string folder)
    {
        using Process tar = Process.Start(new ProcessStartInfo("tar", ["-xzf", "raw.tar.gz"]) { WorkingDirectory = _folder.File(folder) })!;
        tar.WaitForExit();
        return [.. Lines($"{folder}/raw/stages.tsv")];
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private IEnumerable<string[]> Lines(string file) => File.ReadLines(_folder.File(file)).Select(line => line.Split('\t'));

    private void Program(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text);
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(_folder.File(name), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}
