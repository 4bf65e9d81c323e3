using System.Numerics;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>A stream and branches of some numbers of terms each, for every device.</summary>
internal sealed class ResidualBranchCase
{
    private const float Epsilon = 1e-6f;

    private readonly int[] _shape;
    private readonly ReferenceTerm[] _terms;

    /// <param name="shape">B, T, C.</param>
    /// <param name="branches">Terms of each branch. A single one has no factor; of the others every second weight is negative, and every third term
    /// has a scalar. The third branch has no gate.</param>
    /// <param name="round">To what the device stores.</param>
    public ResidualBranchCase(int[] shape, int[] branches, Converter<float[], float[]> round)
    {
        _shape = shape;
        int size = shape[0] * shape[1] * shape[2], vector = shape[0] * shape[2];
        X = round(RandomData.Normal(seed: 101, size));
        (Scale, Shift) = (round(RandomData.Normal(seed: 102, vector)), round(RandomData.Normal(seed: 103, vector)));
        List<ReferenceTerm> terms = [];
        for (int branch = 0; branch < branches.Length; branch++)
        {
            float[]? gate = branch == 2 ? null : round(RandomData.Normal(seed: 110 + branch, vector));
            for (int k = 0; k < branches[branch]; k++)
            {
                float[] source = round(RandomData.Normal(seed: 130 + terms.Count, size));
                bool isPlain = branches[branch] == 1;
                terms.Add(new ReferenceTerm(
                    source, gate, isPlain ? 1 : (k % 2 == 0 ? 1.75f : -0.7f) + (0.1f * k), isPlain || k % 3 != 1 ? 1 : 1.3f, Joins: k > 0));
            }
        }

        _terms = [.. terms];
    }

    public float[] X { get; }

    public float[] Scale { get; }

    public float[] Shift { get; }

    public T[] Sum<T>()
        where T : IFloatingPointIeee754<T> => Reference.Residual<T>(X, _terms, _shape[0], _shape[1], _shape[2]);

    /// <summary>The terms on a device, of its storage type; a joined term names its branch's gate or none, in turn.</summary>
    public ResidualTerm[] Put(Bench bench) => Put(bench, values => bench.Put(values, _shape[0], _shape[2]));

    /// <summary>The same with gates put by a function.</summary>
    public ResidualTerm[] Put(Bench bench, Func<float[], Tensor> gate)
    {
        List<ResidualTerm> terms = [];
        Tensor shared = default;
        foreach (ReferenceTerm term in _terms)
        {
            shared = term.Joins ? shared : term.Gate is null ? default : gate(term.Gate);
            Tensor own = term.Joins && terms.Count % 2 == 0 ? default : shared;
            terms.Add(new ResidualTerm(bench.Put(term.Source, _shape), own, term.Weight, term.Scalar == 1 ? default : bench.PutState([term.Scalar], 1), term.Joins));
        }

        return [.. terms];
    }

    /// <summary>That terms, which must be this case's, add up as accurately as naive arithmetic in the same storage, and that the norm sees the sum.</summary>
    public void CheckAccuracy(Bench bench, ResidualTerm[] terms)
    {
        (int images, int tokens, int channels) = (_shape[0], _shape[1], _shape[2]);
        double[] exact = Sum<double>();
        float[] naive = Sum<float>();
        Tensor sum = bench.Take(_shape), y = bench.Take(_shape);
        Norm norm = Norm.Modulated(bench.Put(Scale, images, channels), bench.Put(Shift, images, channels), Epsilon);
        bench.Device.ResidualNorm(bench.Put(X, _shape), terms, sum, norm, y);
        Tolerance.TimesNaive(2).Check(bench.Get(sum), exact, bench.Round(naive));
        double[] exactY = Reference.Modulate(Reference.LayerNorm(exact, channels, Epsilon), Scale, Shift, tokens, channels);
        float[] naiveY = Reference.Modulate(Reference.LayerNorm(naive, channels, Epsilon), Scale, Shift, tokens, channels);
        Tolerance.TimesNaive(2).Check(bench.Get(y), exactY, bench.Round(naiveY));
    }

    /// <summary>The terms with one planted fault each.</summary>
    public static IEnumerable<ResidualTerm[]> Faults(ResidualTerm[] terms)
    {
        int at = Array.FindIndex(terms, term => term.Joins);
        yield return Array.ConvertAll(terms, term => term with { Weight = 1 });
        yield return Array.ConvertAll(terms, term => term with { Scalar = default });
        yield return [.. terms[..at], .. terms[(at + 1)..]];
        yield return With(With(terms, at, terms[at - 1].Weight), at - 1, terms[at].Weight); // two weights exchanged
        yield return [.. terms[..at], terms[at] with { Joins = false, Gate = default }, .. terms[(at + 1)..].Select(term => term with { Joins = false })];
    }

    private static ResidualTerm[] With(ResidualTerm[] terms, int at, float weight)
    {
        ResidualTerm[] changed = [.. terms];
        changed[at] = terms[at] with { Weight = weight };
        return changed;
    }
}
