using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Samplers;
using static System.Math;
using static L2c.Model.Tests.Samplers.GaussianMixture;

namespace L2c.Model.Tests.Samplers;

/// <summary>Solvers of the field as tables, to prove that tables can say them; none of them is shipped yet.</summary>
internal static class SolverTables
{
    /// <summary>DPM-Solver++(2M) (Lu et al. 2022, DPM-Solver++, algorithm 2): one history, read and then overwritten by the same evaluation.</summary>
    public static SamplerTable Multistep2(double[] t) => new("2m", [.. Steps(t).Select(i =>
    {
        double h = Lambda(t[i + 1]) - Lambda(t[i]), factor = -Alpha(t[i + 1]) * (Exp(-h) - 1);
        double inverse = i == 0 ? 0 : 0.5 * h / (Lambda(t[i]) - Lambda(t[i - 1]));
        LinearUpdate next = new(SamplerState.X) { X = Weight(Sigma(t[i + 1]) / Sigma(t[i])), X0 = Weight(factor * (1 + inverse)), H1 = Weight(-factor * inverse) };
        return OnePerStep(t, i, next, new LinearUpdate(SamplerState.H1) { X0 = 1 });
    })]);

    /// <summary>DPM-Solver++(3M) as published with DPM-Solver, from first order: two histories that take turns.</summary>
    public static SamplerTable Multistep3(double[] t) => new("3m", [.. Steps(t).Select(i =>
    {
        double h = Lambda(t[i + 1]) - Lambda(t[i]), phi1 = Exp(-h) - 1, phi2 = (phi1 / h) + 1, phi3 = (phi2 / h) - 0.5;
        SamplerState newer = i % 2 == 1 ? SamplerState.H1 : SamplerState.H2, older = i % 2 == 1 ? SamplerState.H2 : SamplerState.H1;

        // D1 and D2 as sums of m0, m1, m2, the newest first.
        (double[] d1, double[] d2) = ([0, 0, 0], [0, 0, 0]);
        if (i >= 1)
        {
            double r0 = (Lambda(t[i]) - Lambda(t[i - 1])) / h;
            d1 = [1 / r0, -1 / r0, 0];
            if (i >= 2)
            {
                double r1 = (Lambda(t[i - 1]) - Lambda(t[i - 2])) / h, share = r0 / (r0 + r1);
                double[] difference = [1 / r0, (-1 / r0) - (1 / r1), 1 / r1];
                d1 = [.. d1.Zip(difference, (d, b) => d + (share * b))];
                d2 = [.. difference.Select(b => b / (r0 + r1))];
            }
        }

        double order2 = i >= 1 ? Alpha(t[i + 1]) * phi2 : 0, order3 = i >= 2 ? -Alpha(t[i + 1]) * phi3 : 0;
        LinearUpdate next = new LinearUpdate(SamplerState.X)
        {
            X = Weight(Sigma(t[i + 1]) / Sigma(t[i])),
            X0 = Weight((-Alpha(t[i + 1]) * phi1) + (order2 * d1[0]) + (order3 * d2[0])),
        }
            .With(newer, Weight((order2 * d1[1]) + (order3 * d2[1])))
            .With(older, Weight((order2 * d1[2]) + (order3 * d2[2])));
        return OnePerStep(t, i, next, new LinearUpdate(older) { X0 = 1 });
    })]);

    /// <summary>DPM-Solver-2 in data prediction with r1 = 1/2, as Learning-to-Cache samples U-ViT: two evaluations per step, the second of u.</summary>
    public static SamplerTable Singlestep2(double[] t) => new("singlestep2", [.. Steps(t).SelectMany(i =>
    {
        double h = Lambda(t[i + 1]) - Lambda(t[i]), middle = Time(Lambda(t[i]) + (h / 2)), factor = -Alpha(t[i + 1]) * (Exp(-h) - 1);
        EvaluationRole[] roles = PublishedRoles.TwoPerStep(2 * (t.Length - 1));
        return (SamplerEvaluation[])
        [
            new(
                (float)(t[i] * 1000),
                roles[2 * i],
                PublishedRoles.RowOfTwoPerStep(2 * i),
                Prediction(t[i], SamplerState.X),
                new LinearUpdate(SamplerState.U) { X = Weight(Sigma(middle) / Sigma(t[i])), X0 = Weight(-Alpha(middle) * (Exp(-h / 2) - 1)) },
                new LinearUpdate(SamplerState.H1) { X0 = 1 }),
            new(
                (float)(middle * 1000),
                roles[(2 * i) + 1],
                PublishedRoles.RowOfTwoPerStep((2 * i) + 1),
                Prediction(middle, SamplerState.U),
                new LinearUpdate(SamplerState.X) { X = Weight(Sigma(t[i + 1]) / Sigma(t[i])), X0 = Weight(factor) }), // r1 = 1/2: m_s drops out
        ];
    })]);

    /// <summary>DPM-Solver-3 (Lu et al. 2022, DPM-Solver, algorithm 2): noise prediction, three evaluations per step, the last two of u.</summary>
    public static SamplerTable Singlestep3(double[] t) => new("singlestep3", [.. Steps(t).SelectMany(i =>
    {
        const double R1 = 1.0 / 3, R2 = 2.0 / 3;
        double h = Lambda(t[i + 1]) - Lambda(t[i]), s1 = Time(Lambda(t[i]) + (R1 * h)), s2 = Time(Lambda(t[i]) + (R2 * h));
        double d1 = -Sigma(s2) * R2 / R1 * (((Exp(R2 * h) - 1) / (R2 * h)) - 1), d2 = -Sigma(t[i + 1]) / R2 * (((Exp(h) - 1) / h) - 1);
        return (SamplerEvaluation[])
        [
            Row(
                t[i],
                SamplerState.X,
                new LinearUpdate(SamplerState.U) { X = Weight(Alpha(s1) / Alpha(t[i])), Eps = Weight(-Sigma(s1) * (Exp(R1 * h) - 1)) },
                new LinearUpdate(SamplerState.H1) { Eps = 1 }),
            Row(
                s1,
                SamplerState.U,
                new LinearUpdate(SamplerState.U) { X = Weight(Alpha(s2) / Alpha(t[i])), Eps = Weight(d1), H1 = Weight((-Sigma(s2) * (Exp(R2 * h) - 1)) - d1) }),
            Row(
                s2,
                SamplerState.U,
                new LinearUpdate(SamplerState.X)
                {
                    X = Weight(Alpha(t[i + 1]) / Alpha(t[i])),
                    Eps = Weight(d2),
                    H1 = Weight((-Sigma(t[i + 1]) * (Exp(h) - 1)) - d2),
                }),
        ];
    })]);

    private static IEnumerable<int> Steps(double[] t) => Enumerable.Range(0, t.Length - 1);

    private static float Weight(double value) => (float)value;

    private static SamplerEvaluation OnePerStep(double[] t, int i, params LinearUpdate[] updates) =>
        new((float)(t[i] * 1000), PublishedRoles.OnePerStep(t.Length - 1)[i], t.Length - 2 - i, Prediction(t[i], SamplerState.X), updates);

    private static SamplerEvaluation Row(double t, SamplerState input, params LinearUpdate[] updates) =>
        new((float)(t * 1000), EvaluationRole.Refresh, 0, Prediction(t, input), updates);

    private static SamplerPrediction Prediction(double t, SamplerState input) =>
        new() { Input = input, InputToX0 = Weight(1 / Alpha(t)), EpsToX0 = Weight(Sigma(t) / Alpha(t)) };
}
