using static System.Math;
using static L2c.Model.Tests.Samplers.GaussianMixture;

namespace L2c.Model.Tests.Samplers;

/// <summary>The solvers in double precision, as their papers' algorithms walk through them, on the analytic network.</summary>
internal static class PaperSolvers
{
    /// <summary>DPM-Solver-1 (Lu et al. 2022, DPM-Solver, equation 3.7), which is DDIM.</summary>
    public static double Singlestep1(double x, double[] t)
    {
        for (int i = 1; i < t.Length; i++)
        {
            x = (Alpha(t[i]) / Alpha(t[i - 1]) * x) - (Sigma(t[i]) * (Exp(H(t, i)) - 1) * Eps(x, t[i - 1]));
        }

        return x;
    }

    /// <summary>DPM-Solver, algorithm 1, r1 = 1/2.</summary>
    public static double Singlestep2(double x, double[] t)
    {
        for (int i = 1; i < t.Length; i++)
        {
            double h = H(t, i), s = Time((Lambda(t[i - 1]) + Lambda(t[i])) / 2);
            double u = (Alpha(s) / Alpha(t[i - 1]) * x) - (Sigma(s) * (Exp(h / 2) - 1) * Eps(x, t[i - 1]));
            x = (Alpha(t[i]) / Alpha(t[i - 1]) * x) - (Sigma(t[i]) * (Exp(h) - 1) * Eps(u, s));
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

    /// <summary>DPM-Solver++ of order 1 (Lu et al. 2022, DPM-Solver++, equation 21).</summary>
    public static double DataSinglestep1(double x, double[] t)
    {
        for (int i = 1; i < t.Length; i++)
        {
            x = (Sigma(t[i]) / Sigma(t[i - 1]) * x) - (Alpha(t[i]) * (Exp(-H(t, i)) - 1) * X0(x, t[i - 1]));
        }

        return x;
    }

    /// <summary>DPM-Solver++, algorithm 1 (2S), r = 1/2.</summary>
    public static double DataSinglestep2(double x, double[] t)
    {
        const double R = 0.5;
        for (int i = 1; i < t.Length; i++)
        {
            double h = H(t, i), s = Time(Lambda(t[i - 1]) + (R * h)), before = X0(x, t[i - 1]);
            double u = (Sigma(s) / Sigma(t[i - 1]) * x) - (Alpha(s) * (Exp(-R * h) - 1) * before);
            double d = ((1 - (1 / (2 * R))) * before) + (1 / (2 * R) * X0(u, s));
            x = (Sigma(t[i]) / Sigma(t[i - 1]) * x) - (Alpha(t[i]) * (Exp(-h) - 1) * d);
        }

        return x;
    }

    /// <summary>dpm_solver_third_update of the published code with predict_x0.</summary>
    public static double DataSinglestep3(double x, double[] t)
    {
        const double R1 = 1.0 / 3, R2 = 2.0 / 3;
        for (int i = 1; i < t.Length; i++)
        {
            double h = H(t, i), s = t[i - 1], s1 = Time(Lambda(s) + (R1 * h)), s2 = Time(Lambda(s) + (R2 * h)), m = X0(x, s);
            double u1 = (Sigma(s1) / Sigma(s) * x) - (Alpha(s1) * (Exp(-R1 * h) - 1) * m), d1 = X0(u1, s1) - m;
            double u2 = (Sigma(s2) / Sigma(s) * x) - (Alpha(s2) * (Exp(-R2 * h) - 1) * m)
                + (R2 / R1 * Alpha(s2) * (((Exp(-R2 * h) - 1) / (R2 * h)) + 1) * d1);
            double d2 = X0(u2, s2) - m;
            x = (Sigma(t[i]) / Sigma(s) * x) - (Alpha(t[i]) * (Exp(-h) - 1) * m) + (1 / R2 * Alpha(t[i]) * (((Exp(-h) - 1) / h) + 1) * d2);
        }

        return x;
    }

    /// <summary>DPM-Solver++, algorithm 2 (2M).</summary>
    public static double DataMultistep2(double x, double[] t)
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
    public static double DataMultistep3(double x, double[] t)
    {
        List<double> m = [];
        for (int i = 1; i < t.Length; i++)
        {
            m.Add(X0(x, t[i - 1]));
            double h = H(t, i), phi1 = Exp(-h) - 1, phi2 = (phi1 / h) + 1, phi3 = (phi2 / h) - 0.5, alpha = Alpha(t[i]);
            x = (Sigma(t[i]) / Sigma(t[i - 1]) * x) - (alpha * phi1 * m[^1]);
            if (i == 2)
            {
                x -= 0.5 * alpha * phi1 * (m[^1] - m[^2]) * h / H(t, 1);
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

    private static double H(double[] t, int i) => Lambda(t[i]) - Lambda(t[i - 1]);
}
