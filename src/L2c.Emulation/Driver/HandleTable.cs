using System.Diagnostics.CodeAnalysis;

namespace L2c.Emulation;

/// <summary>Opaque pointers and what they stand for. A pointer is never given twice, so that a stale one is not valid again.</summary>
internal sealed class HandleTable
{
    private readonly Dictionary<nint, object> _objects = [];
    private nint _next = 0x5500_0000;

    /// <summary>What is still there, in the order of creation.</summary>
    public IEnumerable<object> Objects => _objects.OrderBy(o => o.Key).Select(o => o.Value);

    public nint Add(object value)
    {
        _next += 64;
        _objects.Add(_next, value);
        return _next;
    }

    public bool TryGet<T>(nint handle, [NotNullWhen(true)] out T? value)
        where T : class
    {
        value = _objects.GetValueOrDefault(handle) as T;
        return value is not null;
    }

    public bool Remove<T>(nint handle)
        where T : class => TryGet<T>(handle, out _) && _objects.Remove(handle);
}
