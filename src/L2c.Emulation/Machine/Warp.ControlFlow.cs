using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Instructions;

namespace L2c.Emulation.Machine;

/// <content>
/// Divergence is a stack. Where a branch splits the warp, the sides run one after the other up to the branch's immediate post-dominator, where they
/// continue together. Every frame is a program counter, the one at which it ends, and the lanes that run.
/// </content>
internal sealed unsafe partial class Warp
{
    private Frame[] _stack = new Frame[16];
    private int _depth;
    private int _end;

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

    private struct Frame
    {
        public int ProgramCounter;
        public int End;
        public uint Lanes;
    }
}
