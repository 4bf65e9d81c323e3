using static System.Math;
using static L2c.Model.Tests.Samplers.GaussianMixture;

namespace L2c.Model.Tests.Samplers;

/// <summary>The solvers in double precision, as their papers' algorithms walk through them, on the analytic network.</summary>
internal static class PaperSolvers
{
    /// <summary>DPM-Solver++, algorithm 2.</summary>
    public static double Multistep2(double x, double[] t)
    {
        double older = 0;
        for (int i = 1; i < t.Length; i++)
        {
            double newer = X0(x, t[i - 1]), d = newer, h = H(t, i);
            if (i > 1)
            {
                double r = H(t, i - 1) / h;
                d = ((1 + (1 / (2 * r))) * newer) - (1 / (2 * r) * older);
            }

            x = (Sigma(t[i]) / Sigma(t[i - 1]) * x) - (Alpha(t[i]) * (Exp(-h) - 1) * d);
            older = newer;
        }

        return x;
    }

    /// <summary>multistep_dpm_solver_third_update of the published DPM-Solver code, its first steps of lower order.</summary>
    public static double Multistep3(double x, double[] t)
    {
        List<double> m = [];
        for (int i = 1; i < t.Length; i++)
        {
            m.Add(X0(x, t[i - 1]));
            double h = H(t, i), phi1 = Exp(-h) - 1, phi2 = (phi1 / h) + 1, phi3 = (phi2 / h) - 0.5, alpha = Alpha(t[i]);
            x = (Sigma(t[i]) / Sigma(t[i - 1]) * x) - (alpha * phi1 * m[^1]);
            if (i == 2)
            {
                x += alpha * phi2 * (m[^1] - m[^2]) * h / H(t, 1);
            }
            else if (i > 2)
            {
                double r0 = H(t, i - 1) / h, r1 = H(t, i - 2) / h, d10 = (m[^1] - m[^2]) / r0, d11 = (m[^2] - m[^3]) / r1;
                double d1 = d10 + (r0 / (r0 + r1) * (d10 - d11)), d2 = (d10 - d11) / (r0 + r1);
                x += (alpha * phi2 * d1) - (alpha * phi3 * d2);
            }
        }

        return x;
    }

    /// <summary>singlestep_dpm_solver_second_update in data prediction, r1 = 1/2.</summary>
    public static double Singlestep2(double x, double[] t)
    {
        const double R1 = 0.5;
        for (int i = 1; i < t.Length; i++)
        {
            double h = H(t, i), s = t[i - 1], s1 = Time(Lambda(s) + (R1 * h)), phi11 = Exp(-R1 * h) - 1, phi1 = Exp(-h) - 1;
            double modelS = X0(x, s), between = (Sigma(s1) / Sigma(s) * x) - (Alpha(s1) * phi11 * modelS), modelS1 = X0(between, s1);
            x = (Sigma(t[i]) / Sigma(s) * x) - (Alpha(t[i]) * phi1 * modelS) - (0.5 / R1 * Alpha(t[i]) * phi1 * (modelS1 - modelS));
        }

        return x;
    }

    /// <summary>DPM-Solver, algorithm 2.</summary>
    public static double Singlestep3(double x, double[] t)
    {
        const double R1 = 1.0 / 3, R2 = 2.0 / 3;
        for (int i = 1; i < t.Length; i++)
        {
            double h = H(t, i), s = t[i - 1], s1 = Time(Lambda(s) + (R1 * h)), s2 = Time(Lambda(s) + (R2 * h)), eps = Eps(x, s);
            double u1 = (Alpha(s1) / Alpha(s) * x) - (Sigma(s1) * (Exp(R1 * h) - 1) * eps), d1 = Eps(u1, s1) - eps;
            double u2 = (Alpha(s2) / Alpha(s) * x) - (Sigma(s2) * (Exp(R2 * h) - 1) * eps)
                - (Sigma(s2) * R2 / R1 * (((Exp(R2 * h) - 1) / (R2 * h)) - 1) * d1);
            double d2 = Eps(u2, s2) - eps;
            x = (Alpha(t[i]) / Alpha(s) * x) - (Sigma(t[i]) * (Exp(h) - 1) * eps) - (Sigma(t[i]) / R2 * (((Exp(h) - 1) / h) - 1) * d2);
        }

        return x;
    }

    private static double H(double[] t, int i) => Lambda(t[i]) - Lambda(t[i - 1]);
}
