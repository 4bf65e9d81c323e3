using L2c.Emulation.Counting;
using L2c.Emulation.Instructions;

namespace L2c.Emulation.Machine;

/// <summary>One thread block: its warps, shared and local memory and barriers. Reused for one block of the grid after the other.</summary>
internal sealed unsafe class Block
{
    private readonly byte[] _registers;
    private readonly Warp[] _warps;
    private readonly SharedOrder _order;
    private readonly Barriers _barriers;
    private readonly uint _blockThreads;
    private readonly uint _dynamicSharedBytes;
    private LaunchDimensions _size;
    private byte[] _parameters = [];
    private (uint X, uint Y, uint Z) _index;

    public Block(EntryCode code, in LaunchDimensions size)
    {
        Code = code;
        _blockThreads = size.BlockX * size.BlockY * size.BlockZ;
        _dynamicSharedBytes = size.DynamicSharedBytes;
        int threads = checked((int)(size.BlockX * size.BlockY * size.BlockZ));
        int warps = (threads + Warp.Lanes - 1) / Warp.Lanes;
        _order = new SharedOrder(warps);
        Shared = new SharedMemory(checked(code.DynamicSharedStart + (int)size.DynamicSharedBytes), code.SharedGranule, _order);
        Local = new LocalMemory(code.LocalBytes, threads);
        _registers = GC.AllocateUninitializedArray<byte>((code.RegisterBytes * warps) + 64, pinned: true);
        _warps = new Warp[warps];
        _barriers = new Barriers(_warps, _order);
        fixed (byte* registers = _registers)
        {
            for (int i = 0; i < warps; i++)
            {
                int lanes = Math.Min(threads - (i * Warp.Lanes), Warp.Lanes);
                _warps[i] = new Warp(this, i, uint.MaxValue >> (Warp.Lanes - lanes), registers + (i * code.RegisterBytes));
            }
        }
    }

    public EntryCode Code { get; }

    public DeviceMemory Global { get; private set; } = null!;

    public SharedMemory Shared { get; }

    public LocalMemory Local { get; }

    /// <summary>Counts what the block does; null, and nothing is counted.</summary>
    public BlockCounter? Counter { get; set; }

    /// <summary>Whether launches of this size can use the block.</summary>
    public bool Fits(in LaunchDimensions size) =>
        size.BlockX * size.BlockY * size.BlockZ == _blockThreads && size.DynamicSharedBytes == _dynamicSharedBytes;

    /// <summary>Prepares for blocks of a launch.</summary>
    /// <param name="size">One that <see cref="Fits"/>.</param>
    /// <param name="parameters">Pinned, with room behind.</param>
    /// <param name="memory">Global memory.</param>
    public void BeginLaunch(in LaunchDimensions size, byte[] parameters, DeviceMemory memory)
    {
        _size = size;
        _parameters = parameters;
        Global = memory;
        foreach (Warp warp in _warps)
        {
            warp.BeginLaunch();
        }
    }

    /// <summary>Runs one block to its end.</summary>
    /// <exception cref="DeviceFault">Naming kernel, line and thread.</exception>
    public void Run(long block)
    {
        _index = ((uint)(block % _size.GridX), (uint)(block / _size.GridX % _size.GridY), (uint)(block / _size.GridX / _size.GridY));
        Shared.Clear();
        Local.Clear();
        _order.Restart();
        _barriers.Clear();
        foreach (Warp warp in _warps)
        {
            warp.Restart();
        }

        while (true)
        {
            bool ran = false;
            foreach (Warp warp in _warps)
            {
                if (warp.State == WarpState.Running)
                {
                    ran = true;
                    Run(warp);
                }
            }

            if (!ran)
            {
                Warp? waiting = Array.Find(_warps, warp => warp.State == WarpState.AtBarrier);
                if (waiting is null)
                {
                    return;
                }

                throw Locate(waiting, _barriers.Deadlock(waiting));
            }
        }
    }

    /// <summary>Resolves a read of the packed parameters.</summary>
    public byte* Parameter(ulong offset, int bytes)
    {
        if (offset + (ulong)bytes > (ulong)Code.ParameterBytes || offset % (ulong)bytes != 0)
        {
            throw new DeviceFault(FaultKind.OutOfBounds, $"read of {bytes} bytes of parameters at {offset}; there are {Code.ParameterBytes}");
        }

        fixed (byte* data = _parameters)
        {
            return data + offset;
        }
    }

    public void Arrive(Warp warp, int barrier, int threads) => _barriers.Arrive(warp, barrier, threads);

    public void MeetInWarp(Warp warp, uint lanes) => _order.MeetInWarp(warp, lanes);

    public uint Special(SpecialRegister register, int thread)
    {
        (uint X, uint Y, uint Z) own = ThreadIndex(thread);
        int lane = thread % Warp.Lanes;
        return register switch
        {
            SpecialRegister.ThreadX => own.X,
            SpecialRegister.ThreadY => own.Y,
            SpecialRegister.ThreadZ => own.Z,
            SpecialRegister.BlockExtentX => _size.BlockX,
            SpecialRegister.BlockExtentY => _size.BlockY,
            SpecialRegister.BlockExtentZ => _size.BlockZ,
            SpecialRegister.BlockX => _index.X,
            SpecialRegister.BlockY => _index.Y,
            SpecialRegister.BlockZ => _index.Z,
            SpecialRegister.GridExtentX => _size.GridX,
            SpecialRegister.GridExtentY => _size.GridY,
            SpecialRegister.GridExtentZ => _size.GridZ,
            SpecialRegister.Lane => (uint)lane,
            SpecialRegister.WarpNumber => (uint)(thread / Warp.Lanes),
            SpecialRegister.WarpCount => (uint)_warps.Length,
            SpecialRegister.LaneMaskEqual => 1u << lane,
            SpecialRegister.LaneMaskLess => (1u << lane) - 1,
            SpecialRegister.LaneMaskLessOrEqual => uint.MaxValue >> (31 - lane),
            SpecialRegister.LaneMaskGreater => ~(uint.MaxValue >> (31 - lane)),
            SpecialRegister.LaneMaskGreaterOrEqual => uint.MaxValue << lane,
            SpecialRegister.DynamicSharedBytes => _size.DynamicSharedBytes,
            SpecialRegister.TotalSharedBytes => (uint)Code.DynamicSharedStart + _size.DynamicSharedBytes,
            _ => throw new InvalidOperationException($"special register {register}"),
        };
    }

    private void Run(Warp warp)
    {
        try
        {
            if (Counter is null)
            {
                warp.Run();
            }
            else
            {
                warp.Run(Counter);
            }
        }
        catch (DeviceFault fault)
        {
            throw Locate(warp, fault);
        }
    }

    private DeviceFault Locate(Warp warp, DeviceFault fault)
    {
        // The program counter is already past the instruction.
        Op op = Code.Ops[Math.Max(warp.ProgramCounter - 1, 0)];
        (uint X, uint Y, uint Z) thread = ThreadIndex((warp.Number * Warp.Lanes) + warp.Lane);
        return fault.At(
            Code.Name, op.Line, $"block ({_index.X},{_index.Y},{_index.Z}) thread ({thread.X},{thread.Y},{thread.Z})");
    }

    private (uint X, uint Y, uint Z) ThreadIndex(int thread) =>
        ((uint)thread % _size.BlockX, (uint)thread / _size.BlockX % _size.BlockY, (uint)thread / _size.BlockX / _size.BlockY);
}
