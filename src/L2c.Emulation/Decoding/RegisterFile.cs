using L2c.Emulation.Instructions;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Decoding;

/// <summary>Hands out the registers of an entry.</summary>
internal sealed class RegisterFile
{
    private readonly Dictionary<(int Bits, ulong Value), Register> _constants = [];
    private readonly Dictionary<SpecialRegister, Register> _specials = [];
    private readonly List<Register> _registers = [];

    public IReadOnlyList<Register> Registers => _registers;

    public IReadOnlyList<(Register Register, ulong Bits)> Constants => [.. _constants.Select(pair => (pair.Value, pair.Key.Value))];

    public IReadOnlyList<(Register Register, SpecialRegister Special)> Specials => [.. _specials.Select(pair => (pair.Value, pair.Key))];

    /// <summary>Of one warp.</summary>
    public int Bytes { get; private set; }

    public Register New(string name, int bits)
    {
        Register register = new(name, bits, _registers.Count, Bytes);
        _registers.Add(register);

        // The values of all lanes; a predicate's are the bits of one word. Rounded up so that each begins at a 64-byte boundary.
        Bytes += ((bits == 1 ? sizeof(uint) : bits / 8 * Warp.Lanes) + 63) & -64;
        return register;
    }

    public Register Constant(string name, int bits, ulong value)
    {
        ulong kept = bits == 64 ? value : value & ((1UL << bits) - 1);
        if (!_constants.TryGetValue((bits, kept), out Register? register))
        {
            register = New(name, bits);
            _constants.Add((bits, kept), register);
        }

        return register;
    }

    public Register Special(string name, SpecialRegister special)
    {
        if (!_specials.TryGetValue(special, out Register? register))
        {
            register = New(name, 32);
            _specials.Add(special, register);
        }

        return register;
    }
}

/// <summary>Names of special registers.</summary>
internal static class SpecialRegisters
{
    private static readonly Dictionary<string, SpecialRegister> _names = new()
    {
        ["%tid.x"] = SpecialRegister.ThreadX,
        ["%tid.y"] = SpecialRegister.ThreadY,
        ["%tid.z"] = SpecialRegister.ThreadZ,
        ["%ntid.x"] = SpecialRegister.BlockExtentX,
        ["%ntid.y"] = SpecialRegister.BlockExtentY,
        ["%ntid.z"] = SpecialRegister.BlockExtentZ,
        ["%ctaid.x"] = SpecialRegister.BlockX,
        ["%ctaid.y"] = SpecialRegister.BlockY,
        ["%ctaid.z"] = SpecialRegister.BlockZ,
        ["%nctaid.x"] = SpecialRegister.GridExtentX,
        ["%nctaid.y"] = SpecialRegister.GridExtentY,
        ["%nctaid.z"] = SpecialRegister.GridExtentZ,
        ["%laneid"] = SpecialRegister.Lane,
        ["%warpid"] = SpecialRegister.WarpNumber,
        ["%nwarpid"] = SpecialRegister.WarpCount,
        ["%lanemask_eq"] = SpecialRegister.LaneMaskEqual,
        ["%lanemask_lt"] = SpecialRegister.LaneMaskLess,
        ["%lanemask_le"] = SpecialRegister.LaneMaskLessOrEqual,
        ["%lanemask_gt"] = SpecialRegister.LaneMaskGreater,
        ["%lanemask_ge"] = SpecialRegister.LaneMaskGreaterOrEqual,
        ["%dynamic_smem_size"] = SpecialRegister.DynamicSharedBytes,
        ["%total_smem_size"] = SpecialRegister.TotalSharedBytes,
    };

    public static bool TryFind(string name, out SpecialRegister register) => _names.TryGetValue(name, out register);
}
