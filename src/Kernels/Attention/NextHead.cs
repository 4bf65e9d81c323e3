namespace L2c.Kernels;

/// <summary>Where a thread's next head lies, to be asked for cache line by cache line while the micro-kernel works on this one: a head's rows are
/// short and far apart, no processor guesses them. A wrong guess costs time, not correctness.</summary>
internal unsafe struct NextHead(int tokens, int headWidth)
{
    private const int MaxParts = 7;

    private fixed long _parts[MaxParts];
    private fixed long _strides[MaxParts];
    private int _count;
    private int _part;
    private int _column;
    private int _row;

    /// <summary>One more [T, D] to ask for.</summary>
    /// <param name="first">Its first element.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    public void Add(float* first, nint stride)
    {
        _parts[_count] = (long)first;
        _strides[_count] = stride;
        _count++;
    }

    /// <summary>The lines that the next product may ask for.</summary>
    /// <param name="depth">How many it asks for: a cache line's column of this many rows, or fewer at the end.</param>
    /// <param name="step">Elements from one line to the next; 0 when all has been asked for.</param>
    /// <returns>The first line.</returns>
    public float* Take(int depth, out nint step)
    {
        if (_part == _count)
        {
            step = 0;
            return (float*)_parts[0];
        }

        step = (nint)_strides[_part];
        float* line = (float*)_parts[_part] + _row * step + _column;
        _row += depth;
        if (_row >= tokens)
        {
            _row = 0;
            _column += Prefetch.LineFloats;
            if (_column >= headWidth)
            {
                _column = 0;
                _part++;
            }
        }

        return line;
    }
}
