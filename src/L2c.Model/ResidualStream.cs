using System.Runtime.InteropServices;
using L2c.Kernels;

namespace L2c.Model;

/// <summary>
/// The residual stream while a forward pass is being enqueued: branches wait until the next norm, which adds them all in the same pass over x.
/// </summary>
/// <remarks>So a network says what is added and what is normalised, and the fusion follows, whichever branches are computed.</remarks>
internal sealed class ResidualStream
{
    private readonly Device _device;
    private readonly Tensor _state;
    private readonly bool _fuse;
    private readonly List<ResidualTerm> _pending = [];
    private readonly List<(Tensor Before, Tensor Delta, Tensor Kept)> _deltas = [];
    private Tensor _source;

    /// <param name="device">Where ops go.</param>
    /// <param name="source">What the stream starts from: [T,C] (positions, read by every image) or [B,T,C].</param>
    /// <param name="state">[B,T,C]: holds the stream from the first norm on; none where every norm names its own.</param>
    /// <param name="fuse">Whether additions wait for each other; without, each but the last before a norm is a pass of its own.</param>
    public ResidualStream(Device device, Tensor source, Tensor state, bool fuse = true) =>
        (_device, _source, _state, _fuse) = (device, source, state, fuse);

    /// <summary>Adds gate * branch at the next norm. The branch's buffer must live until then.</summary>
    public void Add(Tensor branch, Tensor gate = default) => Add([new ResidualTerm(branch, gate)]);

    /// <summary>Adds one branch, the gated sum of its terms, at the next norm; nothing where there are none. The sources must live until then.</summary>
    /// <param name="terms">At most <see cref="ResidualTerm.MaxPerBranch"/>; all but the first join it.</param>
    public void Add(ReadOnlySpan<ResidualTerm> terms)
    {
        if (terms.Length > 0 && (_deltas.Count > 0 || (!_fuse && _pending.Count > 0)))
        {
            Normalise(Norm.None, default);
        }

        for (int i = 0; i < terms.Length; i++)
        {
            _pending.Add(terms[i] with { Joins = i > 0 });
        }
    }

    /// <summary>Keeps what the branches of a segment have added, the last of them pending: the stream as it is now minus the stream before the
    /// segment. One
    /// pass, once a norm has brought the stream to memory; if another addition comes before that, it has to be brought there first.</summary>
    /// <param name="before">[B,T,C]: the stream before the segment; may be <paramref name="delta"/>.</param>
    /// <param name="delta">[B,T,C].</param>
    /// <param name="kept">[B,T,C]: receives the delta rounded to <see cref="DType.BF16"/>; none where <paramref name="delta"/> itself is kept.</param>
    public void KeepDelta(Tensor before, Tensor delta, Tensor kept = default) => _deltas.Add((before, delta, kept));

    /// <summary>Adds what is pending and writes the normalised stream to <paramref name="y"/>; returns the stream.</summary>
    public Tensor Normalise(Norm norm, Tensor y) => Normalise(norm, y, _state);

    /// <summary>As <see cref="Normalise(Norm, Tensor)"/> with the stream written to memory of its own, which a backward pass will read.</summary>
    /// <param name="norm">What follows the additions.</param>
    /// <param name="y">[B,T,C].</param>
    /// <param name="state">
    /// [B,T,C]: holds the stream from here on. Not written where it holds it already and nothing is pending; none where nothing reads the stream
    /// afterwards, which a delta does.
    /// </param>
    public Tensor Normalise(Norm norm, Tensor y, Tensor state)
    {
        state = state.IsNone && _deltas.Count > 0 ? _state : state;
        _device.ResidualNorm(_source, Pending(), _pending.Count == 0 && _source == state ? default : state, norm, y);
        _pending.Clear();
        _source = state;
        foreach ((Tensor before, Tensor delta, Tensor kept) in _deltas)
        {
            _device.ResidualNorm(state, [new ResidualTerm(before, Weight: -1)], delta, Norm.None, default);
            if (!kept.IsNone)
            {
                _device.Convert(delta, kept);
            }
        }

        _deltas.Clear();
        return state;
    }

    /// <summary>Adds what is pending, with no norm after it: the stream then lies in <paramref name="state"/>, [B,T,C].</summary>
    public void Settle(Tensor state)
    {
        if (_pending.Count > 0 || _source != state)
        {
            Normalise(Norm.None, default, state);
        }
    }

    private ReadOnlySpan<ResidualTerm> Pending() => CollectionsMarshal.AsSpan(_pending);
}
