namespace L2c.Model.Caching;

/// <summary>Which memory each kept delta is computed in before a rounded copy of it goes to its slot: segments that follow each other take
/// turns.</summary>
internal sealed class DeltaMemory
{
    private readonly int[][] _numbers;

    private DeltaMemory(int[][] numbers) => _numbers = numbers;

    /// <summary>How many are needed.</summary>
    public int Count => _numbers.Max(row => row.Append(-1).Max()) + 1;

    /// <summary>Which memory holds the stream before a segment and then its delta, -1 where it is not kept.</summary>
    public int Of(int evaluation, int segment) => _numbers[evaluation][segment];

    /// <summary>Decides evaluation by evaluation.</summary>
    /// <remarks>A delta is ready once a norm has brought the stream behind its segment to memory, at the latest that of the next segment that is
    /// kept. It writes the stream to that segment's memory first, so what a segment used is free for the second that begins behind it.</remarks>
    public static DeltaMemory Plan(CacheSchedule schedule, CacheSlots slots)
    {
        return new([.. Enumerable.Range(0, schedule.Evaluations).Select(Number)]);

        int[] Number(int evaluation)
        {
            int[] numbers = new int[schedule.Segments.Length];
            Array.Fill(numbers, -1);
            List<(int Number, int Last, bool IsPassed)> used = [];
            IEnumerable<int> kept = Enumerable.Range(0, numbers.Length).Where(i => slots.SlotOfSegment(evaluation, i) >= 0);
            foreach (int segment in kept.OrderBy(i => schedule.Segments[i].First))
            {
                int first = schedule.Segments[segment].First;
                used.RemoveAll(memory => memory.IsPassed && memory.Last < first);
                used = used.ConvertAll(memory => memory with { IsPassed = memory.Last < first });
                numbers[segment] = Enumerable.Range(0, used.Count + 1).First(number => used.TrueForAll(memory => memory.Number != number));
                used.Add((numbers[segment], schedule.Segments[segment].Last, IsPassed: false));
            }

            return numbers;
        }
    }
}
