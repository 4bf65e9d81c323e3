namespace L2c.Emulation.Machine;

/// <summary>The cp.async of one warp that have not been waited for. Every thread counts its own groups.</summary>
internal sealed class AsyncCopies(Warp warp)
{
    private readonly List<Copy> _pending = [];
    private readonly int[] _groups = new int[Warp.Lanes];

    public void Clear()
    {
        _pending.Clear();
        Array.Clear(_groups);
    }

    /// <summary>A copy that the warp's current lane has begun.</summary>
    public void Begin(ulong address, int bytes) => _pending.Add(new Copy(warp.Lane, address, bytes, _groups[warp.Lane]));

    /// <summary>commit_group: what the lanes have begun since their last one becomes a group.</summary>
    public void Commit(uint lanes)
    {
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            _groups[lane] += (int)(lanes >> lane & 1);
        }
    }

    /// <summary>wait_group: all but the latest groups of each lane have arrived.</summary>
    public void Wait(uint lanes, int latest)
    {
        int kept = 0;
        for (int i = 0; i < _pending.Count; i++)
        {
            Copy copy = _pending[i];
            if ((lanes >> copy.Lane & 1) != 0 && copy.Group < _groups[copy.Lane] - latest)
            {
                warp.Lane = copy.Lane;
                warp.Block.Shared.Arrive(warp, copy.Address, copy.Bytes);
            }
            else
            {
                _pending[kept++] = copy;
            }
        }

        _pending.RemoveRange(kept, _pending.Count - kept);
    }

    private readonly record struct Copy(int Lane, ulong Address, int Bytes, int Group);
}
