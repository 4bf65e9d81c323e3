using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using L2c.Kernels;

namespace L2c.Bench;

/// <summary>What a figure needs to be believed: machine, program, source, time. The first lines of every report.</summary>
internal static class BirthCertificate
{
    /// <summary>How busy the machine is, as the operating system tells: taken before the measurement, it is the work of others.</summary>
    public static string Load()
    {
        const string linux = "/proc/loadavg";
        return File.Exists(linux) ? File.ReadAllText(linux).Split(' ')[0] : "unknown";
    }

    /// <summary>Looks at machine and repository.</summary>
    /// <param name="device">What computes; its name tells instruction set and threads.</param>
    /// <param name="load">What <see cref="Load"/> said before the measurement.</param>
    /// <param name="subject">What was measured: model, batch, steps, rounds, as name and value.</param>
    /// <returns>Name and value in the order of the report.</returns>
    public static IReadOnlyList<(string Name, string Value)> Of(
        CpuDevice device, string load, params IReadOnlyList<(string Name, string Value)> subject)
    {
        CpuInfo cpu = CpuInfo.Probe();
        return
        [
            ("CPU", $"{cpu.Name}, {cpu.LogicalCores} logical cores"),
            ("caches", Caches.Describe()),
            ("device", device.Name),
            ("load of the last minute before", load),
            ("runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}"),
            ("commit", Commit()),
            ("date", DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'")),
            .. subject,
        ];
    }

    /// <summary>The commit of the checkout that the program lies in; "with uncommitted changes" where files that git tracks differ.</summary>
    private static string Commit()
    {
        ProcessStartInfo start = new("git", ["describe", "--always", "--abbrev=12", "--exclude=*", "--dirty= with uncommitted changes"])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process git = Process.Start(start)!;
            string commit = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? commit : "unknown: not in a git checkout";
        }
        catch (Win32Exception)
        {
            return "unknown: no git on this machine";
        }
    }
}
