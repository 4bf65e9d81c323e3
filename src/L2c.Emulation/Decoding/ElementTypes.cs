using System.Runtime.CompilerServices;
using L2c.Emulation.Instructions;

namespace L2c.Emulation.Decoding;

/// <summary>PTX's types as types of C#.</summary>
internal static class ElementTypes
{
    public static Type Of(string type) => type switch
    {
        "s8" => typeof(sbyte),
        "u8" or "b8" => typeof(byte),
        "s16" => typeof(short),
        "u16" or "b16" => typeof(ushort),
        "s32" => typeof(int),
        "u32" or "b32" => typeof(uint),
        "s64" => typeof(long),
        "u64" or "b64" => typeof(ulong),
        "s128" => typeof(Int128),
        "u128" => typeof(UInt128),
        "f16" => typeof(Half),
        "bf16" => typeof(BFloat16),
        "f32" => typeof(float),
        "f64" => typeof(double),
        _ => throw new ArgumentException($"no type {type}", nameof(type)),
    };

    public static bool IsKnown(string type) => type is "s8" or "u8" or "b8" or "s16" or "u16" or "b16" or "s32" or "u32" or "b32" or "s64" or "u64"
        or "b64" or "f16" or "bf16" or "f32" or "f64";

    public static int Bits(Type type) => 8 * RuntimeHelpers.SizeOf(type.TypeHandle);

    /// <summary>Whether a literal is a floating-point number.</summary>
    public static bool IsFloat(Type type) => type == typeof(float) || type == typeof(double);
}

/// <summary>Operations around operations.</summary>
internal static class Wrappers
{
    public static Type Flushing(Type operation) => Wrap(operation, typeof(Ftz1<,,>), typeof(Ftz2<,,,>), typeof(Ftz3<,,,,>));

    public static Type Saturating(Type operation) => Wrap(operation, typeof(Sat1<,,>), typeof(Sat2<,,,>), typeof(Sat3<,,,,>));

    private static Type Wrap(Type operation, Type one, Type two, Type three)
    {
        Type shape = operation.GetInterfaces()[0];
        Type[] types = shape.GetGenericArguments();
        Type wrapper = types.Length == 2 ? one : types.Length == 3 ? two : three;
        return wrapper.MakeGenericType([operation, .. types]);
    }
}
