using L2c.Emulation.Counting;
using L2c.Emulation.Instructions;

namespace L2c.Emulation.Machine;

/// <content>The loop of warps whose block is counted.</content>
internal sealed unsafe partial class Warp
{
    /// <summary>As <see cref="Run()"/>, telling a counter of everything that is executed.</summary>
    public void Run(BlockCounter counter)
    {
        Op[] ops = _code.Ops;
        while (State == WarpState.Running)
        {
            if (ProgramCounter == _end)
            {
                Pop();
                continue;
            }

            int at = ProgramCounter++;
            Op op = ops[at];
            uint active = Active;
            if (op.Guard is not null)
            {
                Require(op.Guard, active);
                uint mask = PredicateMask(op.Guard);
                active &= op.GuardNegated ? ~mask : mask;
                if (active == 0)
                {
                    counter.Skipped[at]++;
                    continue;
                }
            }

            counter.Executed[at]++;
            counter.PartialWarps += active != Existing ? 1 : 0;
            counter.Divergent += op is Branch && active != Active ? 1 : 0;
            op.Count(this, active, counter);
            op.Execute(this, active);
        }
    }
}
