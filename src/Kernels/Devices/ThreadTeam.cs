using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace L2c.Kernels;

/// <summary>Threads that share the tiles of one op at a time; the calling thread is one of them.</summary>
/// <remarks>
/// Tiles are claimed one by one, so a thread that loses its core delays the others by one tile at most. The number of unclaimed tiles and
/// the number of the op sit in one word: a worker that wakes late cannot claim a tile of another op. Idle workers spin for some
/// microseconds, which bridges the gap between two ops, then sleep. Running allocates nothing.
/// </remarks>
internal sealed unsafe class ThreadTeam : IDisposable
{
    // About 20 microseconds of pauses: longer than the gap between two ops of a replay, shorter than anybody would notice.
    private const int SpinsBeforeParking = 500;

    private readonly Worker[] _workers;
    private readonly nint[] _scratch;
    private long _scratchBytes;
    private CpuOp? _op;
    private long _state; // number of the op << 32 | tiles not yet claimed
    private int _finished;
    private ExceptionDispatchInfo? _fault;
    private volatile bool _stopping;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">How many take part, the caller included; at least 1.</param>
    public ThreadTeam(int threads)
    {
        _scratch = new nint[threads];
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Worker(this, i + 1);
        }
    }

    /// <summary>Threads that take part, the caller included.</summary>
    public int Threads => _scratch.Length;

    /// <summary>Makes every thread's scratch at least this large. Called while planning; a run never grows it.</summary>
    public void ReserveScratch(long bytes)
    {
        if (bytes <= _scratchBytes)
        {
            return;
        }

        _scratchBytes = 0; // until all threads have theirs: an allocation may fail half-way
        for (int i = 0; i < _scratch.Length; i++)
        {
            NativeMemory.AlignedFree((void*)_scratch[i]);
            _scratch[i] = 0;
            _scratch[i] = (nint)NativeMemory.AlignedAlloc((nuint)bytes, Arena.AlignmentBytes);
        }

        _scratchBytes = bytes;
    }

    /// <summary>Runs all tiles of an op and returns when they are done. The first exception of a tile is thrown here.</summary>
    public void Run(CpuOp op)
    {
        int tiles = op.Tiles;
        if (tiles == 1 || _workers.Length == 0)
        {
            for (int tile = 0; tile < tiles; tile++)
            {
                op.Run(tile, _scratch[0]);
            }

            return;
        }

        _op = op;
        _finished = 0;
        Interlocked.Exchange(ref _state, ((_state >> 32) + 1) << 32 | (uint)tiles);
        for (int i = 0; i < _workers.Length && i < tiles - 1; i++)
        {
            _workers[i].Wake();
        }

        ClaimTiles(0);
        SpinWait wait = default;
        while (Volatile.Read(ref _finished) != tiles)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }

        _op = null;
        if (_fault is { } fault)
        {
            _fault = null;
            fault.Throw();
        }
    }

    /// <summary>Stops and joins the threads and frees the scratch.</summary>
    public void Dispose()
    {
        _stopping = true;
        foreach (Worker worker in _workers)
        {
            worker.Dispose();
        }

        for (int i = 0; i < _scratch.Length; i++)
        {
            NativeMemory.AlignedFree((void*)_scratch[i]);
            _scratch[i] = 0;
        }
    }

    private bool HasUnclaimedTiles => (uint)Volatile.Read(ref _state) != 0;

    private void ClaimTiles(int thread)
    {
        while (true)
        {
            long state = Volatile.Read(ref _state);
            uint unclaimed = (uint)state;
            if (unclaimed == 0)
            {
                return;
            }

            // Read between the two looks at the state: if the second finds it unchanged, this is the op that the tile belongs to.
            CpuOp? op = Volatile.Read(ref _op);
            if (Interlocked.CompareExchange(ref _state, state - 1, state) != state)
            {
                continue;
            }

            try
            {
                op!.Run(op.Tiles - (int)unclaimed, _scratch[thread]);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(exception), null);
            }

            Interlocked.Increment(ref _finished);
        }
    }

    /// <summary>One thread of the team.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly ThreadTeam _team;
        private readonly int _index;
        private readonly Thread _thread;
        private readonly SemaphoreSlim _wake = new(0);
        private int _parked;

        public Worker(ThreadTeam team, int index)
        {
            _team = team;
            _index = index;
            _thread = new Thread(Loop) { IsBackground = true, Name = $"l2c worker {index}" };
            _thread.Start();
        }

        /// <summary>Ends the sleep, if it sleeps. Whoever clears the flag owes, or is owed, one release.</summary>
        public void Wake()
        {
            if (Interlocked.Exchange(ref _parked, 0) == 1)
            {
                _wake.Release();
            }
        }

        public void Dispose()
        {
            Wake();
            _thread.Join();
            _wake.Dispose();
        }

        private void Loop()
        {
            while (!_team._stopping)
            {
                if (_team.HasUnclaimedTiles)
                {
                    _team.ClaimTiles(_index);
                }
                else if (!SpinForWork())
                {
                    Park();
                }
            }
        }

        private bool SpinForWork()
        {
            for (int i = 0; i < SpinsBeforeParking; i++)
            {
                if (_team.HasUnclaimedTiles || _team._stopping)
                {
                    return true;
                }

                Thread.SpinWait(1);
            }

            return false;
        }

        private void Park()
        {
            Interlocked.Exchange(ref _parked, 1);

            // Work that came before the flag was up brought no release: look again, and take the flag down unless somebody else did.
            bool awake = (_team.HasUnclaimedTiles || _team._stopping) && Interlocked.Exchange(ref _parked, 0) == 1;
            if (!awake)
            {
                _wake.Wait();
            }
        }
    }
}
