using L2c.Kernels;

namespace L2c;

/// <summary>How long ops take, from ops that were measured: one that was among them takes what it took, any other lies on a line.</summary>
/// <remarks>
/// Ops are alike where name, place (attention, MLP, outside, ahead), operations and bytes agree. The line of a name is over operations where its ops
/// have any, otherwise over bytes, by least squares, with neither a fixed part below 0 nor a slope below 0. So a residual pass with more terms than
/// any that was measured takes what their reading costs.
/// </remarks>
internal sealed class OpTimes
{
    private readonly Dictionary<(string Name, string Place, long Flops, long Bytes), double> _measured;
    private readonly Dictionary<string, Line> _lines;

    /// <summary>Learns.</summary>
    /// <param name="ops">Ops of one or more runs, each with its time in milliseconds.</param>
    public OpTimes(IReadOnlyCollection<(OpInfo Op, double Ms)> ops)
    {
        _measured = ops.GroupBy(op => Key(op.Op)).ToDictionary(group => group.Key, group => group.Average(op => op.Ms));
        _lines = ops.GroupBy(op => op.Op.Name).ToDictionary(group => group.Key, group => Line.Through([.. group.Select(op => (Size(op.Op), op.Ms))]));
    }

    /// <summary>What one more byte costs in ops of a name, in milliseconds.</summary>
    /// <param name="name">As <see cref="Device"/> calls it; its ops have no operations.</param>
    public double PerByte(string name) => _lines[name].Slope;

    /// <summary>Milliseconds of an op.</summary>
    /// <exception cref="ArgumentException">None of its name was measured.</exception>
    public double Of(OpInfo op) => _measured.TryGetValue(Key(op), out double ms) ? ms
        : _lines.TryGetValue(op.Name, out Line line) ? line.At(Size(op))
        : throw new ArgumentException($"no {op.Name} was measured, so its time is not known");

    /// <summary>Milliseconds of ops one after the other.</summary>
    public double Of(IEnumerable<OpInfo> ops) => ops.Sum(Of);

    private static (string Name, string Place, long Flops, long Bytes) Key(OpInfo op) => (op.Name, OpPlace.Of(op.Scope), op.Flops, op.Bytes);

    private static double Size(OpInfo op) => op.Flops > 0 ? op.Flops : op.Bytes;

    /// <summary>Time over size.</summary>
    private readonly record struct Line(double Fixed, double Slope)
    {
        public double At(double size) => Fixed + (Slope * size);

        public static Line Through(IReadOnlyCollection<(double Size, double Ms)> points)
        {
            double meanSize = points.Average(point => point.Size), meanMs = points.Average(point => point.Ms);
            double spread = points.Sum(point => Square(point.Size - meanSize));
            double slope = spread == 0 ? 0 : points.Sum(point => (point.Size - meanSize) * (point.Ms - meanMs)) / spread;

            // One size, or a line that would cross zero: in proportion.
            double rising = Math.Max(0, slope);
            return spread == 0 || slope * meanSize > meanMs ? new Line(0, meanMs / meanSize) : new Line(meanMs - (rising * meanSize), rising);
        }

        private static double Square(double x) => x * x;
    }
}
