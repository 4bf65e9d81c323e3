using L2c.Cli.Output;
using L2c.Cli.Printing;

namespace L2c.Cli.Tests;

/// <summary>Progress of training where nobody watches, by a clock that the test sets.</summary>
public sealed class TrainingLineTests : IDisposable
{
    private readonly StringWriter _error = new();
    private readonly SetClock _clock = new();

    [Fact]
    public void A_line_is_printed_at_checkpoints_and_when_the_last_one_is_half_a_minute_old()
    {
        using TrainingLine line = Line(show: true);
        for (int step = 1; step <= 100; step++)
        {
            _clock.Seconds = step;
            line.Report(new TrainingProgress(step, 100, step is 40 or 100, [0.5]));
        }

        // At 30 s; at the checkpoint of 40 s; 30 s after that; at the end.
        Assert.Equal(["step 30", "step 40", "step 70", "step 100"], Printed().Select(text => text[..text.IndexOf(" of ", StringComparison.Ordinal)]));
        Assert.Equal("step 30 of 100, 0:01:10 left, 1.000 s per step: loss 0.5", Printed()[0]);
    }

    [Fact]
    public void Without_progress_only_remarks_are_printed()
    {
        using TrainingLine line = Line(show: false);
        _clock.Seconds = 60;
        line.Report(new TrainingProgress(1, 2, true, [0.5]));
        line.Report(new TrainingProgress(0, 0, false, [], "note: this"));
        Assert.Equal(["l2c: note: this"], Printed());
    }

    public void Dispose() => _error.Dispose();

    private TrainingLine Line(bool show) => new(
        new Terminal(TextWriter.Null, _error, Interactive: false, CancellationToken.None),
        show,
        announce: true,
        figures => FormattableString.Invariant($"loss {figures[0]}"),
        _clock);

    private string[] Printed() => _error.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private sealed class SetClock : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
