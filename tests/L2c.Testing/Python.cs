using System.Diagnostics;
using System.Text;

namespace L2c.Testing;

/// <summary>Debian's Python, where it has the modules that a test compares with.</summary>
public static class Python
{
    private const string Interpreter = "/usr/bin/python3";

    /// <summary>Whether the modules can be imported; a test skips where they cannot.</summary>
    /// <param name="modules">As <c>torch, numpy</c>.</param>
    public static bool Has(string modules) => File.Exists(Interpreter) && Start($"import {modules}").Code == 0;

    /// <summary>Runs a program and returns what it printed.</summary>
    /// <param name="program">Its text.</param>
    /// <param name="arguments">What it sees as sys.argv[1:].</param>
    /// <exception cref="InvalidOperationException">It failed; the message has its standard error.</exception>
    public static string Run(string program, params string[] arguments)
    {
        (int code, string output, string error) = Start(program, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"python3 ended with {code}: {error}");
    }

    private static (int Code, string Out, string Err) Start(string program, params string[] arguments)
    {
        ProcessStartInfo info = new(Interpreter, ["-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(info)!;
        StringBuilder error = new();
        process.ErrorDataReceived += (_, line) => error.AppendLine(line.Data);
        process.BeginErrorReadLine();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.ToString());
    }
}
