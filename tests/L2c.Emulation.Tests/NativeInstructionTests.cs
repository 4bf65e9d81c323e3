using System.Reflection;
using System.Text;
using L2c.Emulation.Decoding;
using L2c.Emulation.Instructions;
using L2c.Emulation.Tests.Arithmetic;

namespace L2c.Emulation.Tests;

/// <summary>
/// Compiled ahead of time, the emulator has only the instructions that Instructions.rd.xml names: it puts each together from generic types while it
/// decodes. With L2C_UPDATE_INSTRUCTIONS=FILE the list is written there anew.
/// </summary>
public sealed class NativeInstructionTests
{
    [Fact]
    public void The_list_for_the_native_library_is_what_the_decoders_can_make()
    {
        SortedSet<string> types = new(StringComparer.Ordinal);
        foreach (Op op in ExpectedValues.Forms.Values.SelectMany(Ops).Concat(Ops(MemoryAccesses())))
        {
            Add(types, op);
        }

        string text = Write(types);
        if (Environment.GetEnvironmentVariable("L2C_UPDATE_INSTRUCTIONS") is { Length: > 0 } path)
        {
            File.WriteAllText(path, text);
        }
        else
        {
            Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Instructions.rd.xml")), text);
        }

        // What is put together on the way there is in it, too: every operation of the table, and a comparison inside an instruction.
        Assert.All(ElementwiseTable.Opcodes, opcode => Assert.Contains(NameOf(Operation(opcode)), types));
        Assert.Contains(NameOf(typeof(FtzCompare<Less<float>, float>)), types);
        Assert.Contains(NameOf(typeof(Store<SharedSpace, BFloat16>)), types);
    }

    private static Type Operation(string opcode) =>
        ElementwiseTable.TryFind(opcode, out Type operation) ? operation : throw new ArgumentException(opcode);

    private static IEnumerable<Op> Ops(ExpectedValues.Form form) =>
        Ops(Snippet.Text(ArithmeticTests.Code(form, form.Operands[0]), form.Widths, form.ResultWidth, 1));

    private static Op[] Ops(string module) => PtxModule.Parse(module).Entries[0].Code.Ops;

    // Every space with every type; registers may be wider than what is loaded.
    private static string MemoryAccesses()
    {
        StringBuilder body = new(".reg .b32 %near; .reg .b64 %far, %value; mov.b32 %near, 0; mov.b64 %far, 0; mov.b64 %value, 0;\n");
        foreach (string type in "s8 u8 b8 s16 u16 b16 s32 u32 b32 s64 u64 b64 f16 bf16 f32 f64".Split(' '))
        {
            body.AppendLine($"ld.param.{type} %value, [in];");
            foreach ((string space, string address) in new[] { (".global", "%far"), ("", "%far"), (".shared", "%near"), (".local", "%near") })
            {
                body.AppendLine($"ld{space}.{type} %value, [{address}]; st{space}.{type} [{address}], %value;");
            }
        }

        return Snippet.Module("(.param .u64 in)", body.ToString());
    }

    private static void Add(SortedSet<string> types, object part)
    {
        Add(types, part.GetType());
        foreach (FieldInfo field in part.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic))
        {
            if (field.GetValue(part) is { } inner && inner.GetType().IsGenericType && inner.GetType().Assembly == typeof(Op).Assembly)
            {
                Add(types, inner);
            }
        }
    }

    // With the interfaces: decoders ask operations for them, and what nothing else uses is left out of a type.
    private static void Add(SortedSet<string> types, Type type)
    {
        if (type.Assembly == typeof(Op).Assembly && types.Add(NameOf(type)))
        {
            Array.ForEach([.. type.GetGenericArguments(), .. type.GetInterfaces()], part => Add(types, part));
        }
    }

    private static string NameOf(Type type)
    {
        string arguments = string.Join(",", type.GetGenericArguments().Select(NameOf));
        return $"{type.Namespace}.{type.Name}{(arguments.Length > 0 ? $"[{arguments}]" : "")}";
    }

    private static string Write(SortedSet<string> types)
    {
        StringBuilder text = new("""
            <!-- Written by NativeInstructionTests: what the decoders can put together. -->
            <Directives xmlns="http://schemas.microsoft.com/netfx/2013/01/metadata">
              <Application>
                <Assembly Name="L2c.Emulation">

            """);
        foreach (string name in types)
        {
            text.Append($"      <Type Name=\"{name}\" Dynamic=\"Required All\" />\n");
        }

        return text.Append("    </Assembly>\n  </Application>\n</Directives>\n").ToString();
    }
}
