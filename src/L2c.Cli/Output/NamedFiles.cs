using L2c.Weights;

namespace L2c.Cli.Output;

/// <summary>The files that a command line names: nothing that is read, and nothing that is written already, is written over.</summary>
internal static class NamedFiles
{
    /// <summary>Holds every output against every input and every other output, by the file that a path leads to.</summary>
    /// <param name="outputs">What is written: the option and the path.</param>
    /// <param name="inputs">What is read.</param>
    /// <exception cref="UsageException">A file has two parts.</exception>
    public static void Check(IEnumerable<(string Option, string Path)> outputs, IEnumerable<string> inputs)
    {
        string[] read = [.. inputs];
        List<string> written = [];
        foreach ((string option, string path) in outputs)
        {
            if (Array.Find(read, input => RealPath.Same(input, path)) is { } lost)
            {
                throw new UsageException($"{lost} is an input of this command and {option} would overwrite it; name another output");
            }

            if (written.Exists(other => RealPath.Same(other, path)))
            {
                throw new UsageException($"{option} {path} is also the name of another output; give it another name");
            }

            written.Add(path);
        }
    }
}
