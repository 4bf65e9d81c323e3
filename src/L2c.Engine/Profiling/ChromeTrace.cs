using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c;

/// <summary>A run as a trace in Chrome's trace event format, JSON object form: Perfetto and chrome://tracing open it.</summary>
/// <remarks>
/// Complete events (<c>ph</c> X) with <c>ts</c> and <c>dur</c> in microseconds since the first op, exact to the nanosecond. Thread 1 has the
/// evaluations, thread 2 the ops; an op itself runs on all threads of the device. Metadata events (<c>ph</c> M) name them.
/// Source: "Trace Event Format", Google, sections on complete and metadata events.
/// </remarks>
internal static class ChromeTrace
{
    private const int EvaluationThread = 1;
    private const int OpThread = 2;

    /// <summary>Writes one recorded run.</summary>
    public static void Write(Stream stream, ProfileRecorder recorder, int repeat, string title)
    {
        using Utf8JsonWriter json = new(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        WriteName(json, "process_name", 0, title);
        WriteName(json, "thread_name", EvaluationThread, "evaluations");
        WriteName(json, "thread_name", OpThread, "ops");
        int op = 0;
        while (op < recorder.Ops.Count)
        {
            // Neighbouring ops of one evaluation make its span; work done ahead for several evaluations makes one of its own.
            int evaluation = recorder.Ops[op].Scope.Evaluation, first = op;
            while (op < recorder.Ops.Count && recorder.Ops[op].Scope.Evaluation == evaluation)
            {
                op++;
            }

            string name = evaluation < 0 ? "modulations ahead" : $"evaluation {evaluation}";
            (long start, long end) = (recorder.Nanoseconds(repeat, first).Start, recorder.Nanoseconds(repeat, op - 1).End);
            WriteSpan(json, name, "evaluation", EvaluationThread, start, end, null);
        }

        for (int i = 0; i < recorder.Ops.Count; i++)
        {
            OpInfo info = recorder.Ops[i];
            (long start, long end) = recorder.Nanoseconds(repeat, i);
            WriteSpan(json, info.Name, OpPlace.Of(info.Scope), OpThread, start, end, info);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter json, string kind, int thread, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", kind);
        json.WriteString("ph", "M");
        json.WriteNumber("pid", 1);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, string name, string category, int thread, long start, long end, OpInfo? op)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("cat", category);
        json.WriteString("ph", "X");
        json.WriteNumber("ts", start / 1000m);
        json.WriteNumber("dur", (end - start) / 1000m);
        json.WriteNumber("pid", 1);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
        if (op is { } info)
        {
            json.WriteNumber("evaluation", info.Scope.Evaluation);
            if (info.Scope.Branch >= 0)
            {
                json.WriteString("branch", CacheSchedule.BranchName(info.Scope.Branch));
            }

            json.WriteNumber("flops", info.Flops);
            json.WriteNumber("bytes", info.Bytes);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
