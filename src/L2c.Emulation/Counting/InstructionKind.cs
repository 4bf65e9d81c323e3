namespace L2c.Emulation;

/// <summary>What an instruction is for.</summary>
public enum InstructionKind
{
    /// <summary>mma.sync.</summary>
    Mma,

    /// <summary>ldmatrix.</summary>
    LoadMatrix,

    /// <summary>ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh: the special function unit.</summary>
    Special,

    /// <summary>Division and remainder: a sequence of instructions, one of them special.</summary>
    Division,

    /// <summary>fp arithmetic.</summary>
    Float,

    /// <summary>Integer arithmetic and logic.</summary>
    Integer,

    /// <summary>cvt.</summary>
    Convert,

    /// <summary>setp, selp, logic of predicates.</summary>
    Predicate,

    /// <summary>mov, cvta: mostly names, which the assembler renames.</summary>
    Move,

    /// <summary>ld of memory.</summary>
    Load,

    /// <summary>st.</summary>
    Store,

    /// <summary>ld.param of a kernel: an operand from the constant bank.</summary>
    Parameter,

    /// <summary>cp.async.</summary>
    AsyncCopy,

    /// <summary>cp.async.commit_group and the waits.</summary>
    AsyncWait,

    /// <summary>bar.sync.</summary>
    Barrier,

    /// <summary>bar.warp.sync.</summary>
    WarpBarrier,

    /// <summary>shfl, vote, activemask.</summary>
    Shuffle,

    /// <summary>bra, brx, ret, exit, trap.</summary>
    Branch,

    /// <summary>Fences.</summary>
    Fence,
}

/// <summary>What is known of an instruction by its text alone.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Issue">Machine instructions that it is estimated to become: none for a rename, several for a division.</param>
/// <param name="Special">Of these on the special function unit.</param>
internal readonly record struct InstructionCost(InstructionKind Kind, double Issue, double Special)
{
    /// <summary>By the opcode with its modifiers.</summary>
    /// <remarks>The estimates are those of ptxas 12.4's code for sm_90: 64-bit integers go in halves; ex2 and the roots without .ftz scale subnormal
    /// numbers; exact reciprocals, roots and divisions refine an approximation.</remarks>
    public static InstructionCost Of(string opcode)
    {
        string[] parts = opcode.Split('.');
        string type = parts[^1];
        bool wide = type is "s64" or "u64" or "b64" or "f64";
        return parts[0] switch
        {
            "mma" => Plain(InstructionKind.Mma),
            "ldmatrix" => Plain(InstructionKind.LoadMatrix),
            "ld" or "ldu" when parts[1] == "param" => new InstructionCost(InstructionKind.Parameter, 0, 0),
            "ld" or "ldu" => Plain(InstructionKind.Load),
            "st" => Plain(InstructionKind.Store),
            "cp" => Plain(parts[2] is "ca" or "cg" ? InstructionKind.AsyncCopy : InstructionKind.AsyncWait),
            "bar" when parts[1] == "warp" => Plain(InstructionKind.WarpBarrier),
            "bar" or "barrier" => Plain(InstructionKind.Barrier),
            "shfl" or "vote" or "activemask" => Plain(InstructionKind.Shuffle),
            "bra" or "brx" or "ret" or "exit" or "trap" => Plain(InstructionKind.Branch),
            "membar" or "fence" => Plain(InstructionKind.Fence),
            "mov" or "cvta" => new InstructionCost(InstructionKind.Move, 0, 0),
            "cvt" => Plain(InstructionKind.Convert),
            "setp" or "set" or "selp" or "testp" => new InstructionCost(InstructionKind.Predicate, wide ? 2 : 1, 0),
            _ when type == "pred" => Plain(InstructionKind.Predicate),
            "ex2" or "lg2" or "sin" or "cos" or "tanh" or "rcp" or "rsqrt" or "sqrt" =>
                new InstructionCost(InstructionKind.Special, parts[1] == "rn" ? 8 : parts.Contains("ftz") || parts[0] == "tanh" ? 1 : 4, 1),
            "div" or "rem" => new InstructionCost(InstructionKind.Division, Division(parts, wide), 1),
            _ when type.StartsWith('f') || type.StartsWith("bf", StringComparison.Ordinal) => Plain(InstructionKind.Float),
            "mul" or "mad" when wide && parts[1] == "lo" => new InstructionCost(InstructionKind.Integer, 4, 0),
            _ => new InstructionCost(InstructionKind.Integer, wide ? 2 : 1, 0),
        };
    }

    private static InstructionCost Plain(InstructionKind kind) => new(kind, 1, 0);

    private static double Division(string[] parts, bool wide) =>
        parts[1] switch { "approx" => 2, "full" => 4, "rn" => 10, _ => wide ? 80 : 20 };
}
