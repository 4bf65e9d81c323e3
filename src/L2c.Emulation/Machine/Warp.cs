using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Instructions;

namespace L2c.Emulation.Machine;

internal enum WarpState
{
    Running,
    AtBarrier,
    Exited,
}

/// <summary>32 threads in lockstep: registers, and where the warp stands.</summary>
internal sealed unsafe partial class Warp
{
    public const int Lanes = 32;

    private readonly EntryCode _code;
    private readonly byte* _registers;
    private readonly uint[] _written;

    /// <param name="block">The block, reused for one block of the grid after the other.</param>
    /// <param name="number">The warp's number in its block.</param>
    /// <param name="existing">The lanes that have a thread.</param>
    /// <param name="registers">Room for the entry's registers.</param>
    public Warp(Block block, int number, uint existing, byte* registers)
    {
        Block = block;
        Number = number;
        Existing = existing;
        _code = block.Code;
        _registers = registers;
        _written = new uint[_code.Registers.Count];
        Copies = new AsyncCopies(this);
        foreach ((Register register, ulong bits) in _code.Constants)
        {
            Fill(register, bits);
        }
    }

    /// <summary>Fills the registers that hold for a whole launch.</summary>
    public void BeginLaunch()
    {
        foreach ((Register register, SpecialRegister special) in _code.Specials)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                Values<uint>(register)[lane] = Block.Special(special, (Number * Lanes) + lane);
            }
        }
    }

    public Block Block { get; }

    public int Number { get; }

    public uint Existing { get; }

    /// <summary>Lanes that have not exited.</summary>
    public uint Alive { get; private set; }

    /// <summary>Lanes of the running side.</summary>
    public uint Active { get; private set; }

    /// <summary>The next instruction.</summary>
    public int ProgramCounter { get; private set; }

    public WarpState State { get; set; }

    /// <summary>The barrier at which the warp stands.</summary>
    public int Barrier { get; set; }

    /// <summary>The lane whose access is being resolved: the one to blame for a fault.</summary>
    public int Lane { get; set; }

    public AsyncCopies Copies { get; }

    /// <summary>A register's values, lane 0 first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* Values<T>(Register register)
        where T : unmanaged => (T*)(_registers + register.Offset);

    /// <summary>Faults when some lane reads a register that nothing has written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Require(Register register, uint lanes)
    {
        uint missing = lanes & ~_written[register.Index];
        if (missing != 0)
        {
            Lane = BitOperations.TrailingZeroCount(missing);
            throw new DeviceFault(FaultKind.Uninitialised, $"read of register {register.Name}, which nothing has written");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Define(Register register, uint lanes) => _written[register.Index] |= lanes;

    /// <summary>What the ISA leaves undefined counts as never written.</summary>
    public void Undefine(Register register, uint lanes) => _written[register.Index] &= ~lanes;

    public uint PredicateMask(Register predicate) => *Values<uint>(predicate);

    public void SetPredicate(Register predicate, uint lanes, uint mask)
    {
        uint* value = Values<uint>(predicate);
        *value = (*value & ~lanes) | (mask & lanes);
        Define(predicate, lanes);
    }

    /// <summary>Puts the warp at the entry of a new block.</summary>
    public void Restart()
    {
        Array.Clear(_written);
        foreach ((Register register, _) in _code.Constants)
        {
            Define(register, uint.MaxValue);
        }

        foreach ((Register register, SpecialRegister special) in _code.Specials)
        {
            Define(register, uint.MaxValue);
            if (special is SpecialRegister.BlockX or SpecialRegister.BlockY or SpecialRegister.BlockZ)
            {
                new Span<uint>(Values<uint>(register), Lanes).Fill(Block.Special(special, 0));
            }
        }

        Alive = Active = Existing;
        ProgramCounter = 0;
        _end = _code.Ops.Length;
        _depth = 0;
        State = WarpState.Running;
        Copies.Clear();
    }

    private void Fill(Register register, ulong bits)
    {
        for (int lane = 0; lane < Lanes; lane++)
        {
            byte* value = _registers + register.Offset + (lane * register.LaneBytes);
            switch (register.Bits)
            {
                case 1:
                    *Values<uint>(register) = bits != 0 ? uint.MaxValue : 0;
                    break;
                case 8:
                    *value = (byte)bits;
                    break;
                case 16:
                    *(ushort*)value = (ushort)bits;
                    break;
                case 32:
                    *(uint*)value = (uint)bits;
                    break;
                default:
                    *(ulong*)value = bits;
                    break;
            }
        }
    }
}
