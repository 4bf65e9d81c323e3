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

/// <summary>32 threads in lockstep: registers, control flow, and where the warp stands.</summary>
/// <remarks>
/// Divergence is a stack. Where a branch splits the warp, the sides run one after the other up to the branch's immediate post-dominator, where they
/// continue together. Every frame is a program counter, the one at which it ends, and the lanes that run.
/// </remarks>
internal sealed unsafe class Warp
{
    public const int Lanes = 32;

    private readonly EntryCode _code;
    private readonly byte* _registers;
    private readonly uint[] _written;
    private Frame[] _stack = new Frame[16];
    private int _depth;
    private int _end;

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

    /// <summary>Runs to the next barrier or to the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        Op[] ops = _code.Ops;
        while (State == WarpState.Running)
        {
            if (ProgramCounter == _end)
            {
                Pop();
                continue;
            }

            Op op = ops[ProgramCounter++];
            uint active = Active;
            if (op.Guard is not null)
            {
                Require(op.Guard, active);
                uint mask = PredicateMask(op.Guard);
                active &= op.GuardNegated ? ~mask : mask;
                if (active == 0)
                {
                    continue;
                }
            }

            op.Execute(this, active);
        }
    }

    /// <summary>Sends lanes elsewhere; the others of the running side go on.</summary>
    /// <param name="target">Where they go.</param>
    /// <param name="join">Where both sides meet.</param>
    /// <param name="taken">Some of <see cref="Active"/>.</param>
    public void Branch(int target, int join, uint taken)
    {
        if (taken == Active)
        {
            ProgramCounter = target;
            return;
        }

        uint rest = Active & ~taken;
        int next = ProgramCounter;
        WaitAt(join);
        if (next == join)
        {
            (ProgramCounter, Active) = (target, taken);
        }
        else
        {
            if (target != join)
            {
                Push(target, join, taken);
            }

            Active = rest;
        }
    }

    /// <summary>Sends every active lane to one of several places.</summary>
    /// <param name="target">The place of each lane.</param>
    /// <param name="join">Where all meet.</param>
    public void BranchMany(ReadOnlySpan<int> target, int join)
    {
        uint left = Active;
        WaitAt(join);
        while (left != 0)
        {
            int place = target[BitOperations.TrailingZeroCount(left)];
            uint group = 0;
            for (uint rest = left; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                group |= target[lane] == place ? 1u << lane : 0;
            }

            left &= ~group;
            if (place != join)
            {
                Push(place, join, group);
            }
        }

        Pop();
    }

    /// <summary>Ends threads.</summary>
    public void Exit(uint lanes)
    {
        Alive &= ~lanes;
        Active &= ~lanes;
        for (int i = 0; i < _depth; i++)
        {
            _stack[i].Lanes &= ~lanes;
        }

        if (Active == 0)
        {
            Pop();
        }
    }

    // The running side becomes a frame that goes on at the meeting point with all its lanes. One that ends there anyway would be empty.
    private void WaitAt(int join)
    {
        if (join != _end)
        {
            Push(join, _end, Active);
            _end = join;
        }
    }

    private void Push(int programCounter, int end, uint lanes)
    {
        if (_depth == _stack.Length)
        {
            Array.Resize(ref _stack, 2 * _depth);
        }

        _stack[_depth++] = new Frame { ProgramCounter = programCounter, End = end, Lanes = lanes };
    }

    private void Pop()
    {
        do
        {
            if (_depth == 0)
            {
                State = WarpState.Exited;
                return;
            }

            Frame frame = _stack[--_depth];
            (ProgramCounter, _end, Active) = (frame.ProgramCounter, frame.End, frame.Lanes);
        }
        while (Active == 0);
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

    private struct Frame
    {
        public int ProgramCounter;
        public int End;
        public uint Lanes;
    }
}
