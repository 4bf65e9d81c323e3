using System.CommandLine;
using L2c.Cli.Output;
using L2c.Model.Caching;

namespace L2c.Cli.Commands;

/// <summary><c>l2c methods</c>: which caching methods there are.</summary>
internal static class MethodsCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<bool> json = OptionFactory.Switch("--json", "Print one JSON object on standard output");
        Command command = new("methods", "Lists the caching methods: formula, source, kept memory, extra traffic.") { json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json))
            {
                terminal.PrintJson(new { Methods = CachingMethods.All });
            }
            else
            {
                Print(terminal.Out);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(TextWriter o)
    {
        foreach (CachingMethod method in CachingMethods.All)
        {
            o.WriteLine($"{method.Name}: {method.Use}");
            o.WriteLine($"  {method.Formula}");
            o.WriteLine($"  kept {method.Kept}; extra traffic {method.Traffic}; {method.Source}");
        }

        o.WriteLine();
        o.WriteLine("L blocks of two branches each. Kept and traffic are in outputs of one branch, traffic per branch that is not computed;");
        o.WriteLine("n: branches of a replaced segment. An evaluation that keeps what a segment added takes one more pass over the stream, of 3.");
    }
}
