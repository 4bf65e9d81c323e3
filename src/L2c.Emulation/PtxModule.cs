using System.Collections.Concurrent;
using L2c.Emulation.Decoding;
using L2c.Emulation.Machine;
using L2c.Emulation.Parsing;

namespace L2c.Emulation;

/// <summary>A module of PTX text, decoded for <see cref="PtxMachine"/>.</summary>
public sealed class PtxModule
{
    private PtxModule(string text, IReadOnlyList<PtxEntry> entries) => (Text, Entries) = (text, entries);

    /// <summary>What it was parsed from.</summary>
    public string Text { get; }

    /// <summary>The entries, in the order of the text.</summary>
    public IReadOnlyList<PtxEntry> Entries { get; }

    /// <summary>Parses and decodes. Every instruction that an entry can reach is checked here, none while it runs.</summary>
    /// <param name="text">PTX for sm_80 or newer, 64-bit addresses.</param>
    /// <exception cref="PtxSyntaxException">Malformed text, or a directive, instruction or form that the interpreter does not know.</exception>
    public static PtxModule Parse(string text)
    {
        PtxTree tree = new PtxParser(text).Parse();
        return new PtxModule(
            text,
            [.. tree.Functions.Where(f => f.IsEntry && f.Body is not null)
                .Select(f => new PtxEntry(EntryDecoder.Decode(tree, f), tree.Target, f.MaxThreads))]);
    }

    /// <summary>Finds an entry.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public PtxEntry Entry(string name) =>
        Entries.FirstOrDefault(entry => entry.Name == name) ?? throw new KeyNotFoundException($"the module has no entry {name}");
}

/// <summary>Where a parameter lies in the packed buffer.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Bytes">Its size.</param>
public readonly record struct PtxParameter(int Offset, int Bytes);

/// <summary>One kernel of a module.</summary>
public sealed class PtxEntry
{
    // The registers and shadows of a block are large; launches of one size share them.
    private readonly ConcurrentBag<Block> _blocks = [];

    internal PtxEntry(EntryCode code, string target, (int X, int Y, int Z)? maxThreads)
    {
        Code = code;
        Target = target;
        MaxThreads = maxThreads;
    }

    /// <summary>As in the text.</summary>
    public string Name => Code.Name;

    /// <summary>Size of the packed parameters: each aligned to its own size, none after the last.</summary>
    public int ParameterBytes => Code.ParameterBytes;

    /// <summary>The parameters, in the order of the text.</summary>
    public IReadOnlyList<PtxParameter> Parameters => Code.Parameters;

    /// <summary>Statically allocated shared memory of a block.</summary>
    public int StaticSharedBytes => Code.StaticSharedBytes;

    /// <summary>Local memory of a thread, parameters of calls included.</summary>
    public int LocalBytes => Code.LocalBytes;

    /// <summary>The architecture of the <c>.target</c> line: <c>sm_80</c>.</summary>
    public string Target { get; }

    /// <summary><c>.maxntid</c>: the largest block, or null.</summary>
    public (int X, int Y, int Z)? MaxThreads { get; }

    /// <summary>Instructions of the text by what they are for, those of called functions once for each call.</summary>
    public IReadOnlyDictionary<InstructionKind, int> Instructions =>
        Code.Ops.CountBy(op => InstructionCost.Of(op.Opcode).Kind).ToDictionary();

    internal EntryCode Code { get; }

    internal Block TakeBlock(in LaunchDimensions size, byte[] parameters, DeviceMemory memory)
    {
        if (!_blocks.TryTake(out Block? block) || !block.Fits(size))
        {
            block = new Block(Code, size);
        }

        block.BeginLaunch(size, parameters, memory);
        return block;
    }

    internal void ReturnBlock(Block block) => _blocks.Add(block);
}
