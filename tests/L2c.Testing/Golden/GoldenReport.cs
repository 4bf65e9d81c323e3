using System.Text.Json;
using System.Text.Json.Serialization;

namespace L2c.Testing.Golden;

/// <summary>Appends one line per golden case to the files that dev/goldens.sh prints: L2C_GOLDENS_REPORT.txt and .jsonl; silent without the variable.</summary>
public static class GoldenReport
{
    private static readonly Lock _gate = new();
    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Reports a case that ran.</summary>
    public static void Ran(GoldenResult result, string device, string dtype)
    {
        GoldenComparison worst = result.Worst;
        Write(new Line(result.Golden.File, device, dtype, result.Passed ? "pass" : "FAIL", worst.Tensor, worst.Error, worst.Bound, null));
    }

    /// <summary>Reports a case that did not run.</summary>
    /// <param name="golden">The case.</param>
    /// <param name="status">"skip" or "pending".</param>
    /// <param name="reason">Why.</param>
    public static void DidNotRun(GoldenCase golden, string status, string reason) =>
        Write(new Line(golden.File, "-", "-", status, null, null, null, reason));

    /// <summary>Reports a case that threw.</summary>
    public static void Threw(GoldenCase golden, string device, string dtype, Exception exception) =>
        Write(new Line(golden.File, device, dtype, "FAIL", null, null, null, exception.Message));

    private static void Write(Line line)
    {
        if (Environment.GetEnvironmentVariable("L2C_GOLDENS_REPORT") is not { Length: > 0 } path)
        {
            return;
        }

        string figures = line.Tensor is null ? line.Reason! : $"{line.Tensor,-34} error {line.Error:0.00e+00}  bound {line.Bound:0.00e+00}";
        lock (_gate)
        {
            File.AppendAllText($"{path}.txt", $"{line.Status,-8}{line.File,-46} {line.Device,-9}{line.Dtype,-5} {figures}\n");
            File.AppendAllText($"{path}.jsonl", JsonSerializer.Serialize(line, _json) + "\n");
        }
    }

    private sealed record Line(string File, string Device, string Dtype, string Status, string? Tensor, double? Error, double? Bound, string? Reason);
}
