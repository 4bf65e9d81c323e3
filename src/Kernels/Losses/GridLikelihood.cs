namespace L2c.Kernels;

/// <summary>The mass that a normal distribution gives to a value of the grid -1, -1 + 1/127.5, .., 1, its tails belonging to the outer two.</summary>
/// <remarks>
/// With the published approximation of the normal CDF, (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2 = sigmoid(u(z)), the mass between two points is
/// sigmoid(u2) sigmoid(-u1) (1 - exp(u1 - u2)): nothing cancels where both are near 0 or near 1. In double precision, since few images need it.
/// Source   Ho et al. 2020, equation 13; gaussian_diffusion.py, discretized_gaussian_log_likelihood.
/// </remarks>
internal static class GridLikelihood
{
    private const double HalfStep = 1 / 255.0, LeastMass = 1e-12, Edge = 0.999f;
    private const double Linear = 1.5957691216057308, Cubic = 0.044715; // 2 sqrt(2/pi)

    /// <summary>-log of the mass, in nats; a mass below 1e-12 counts as 1e-12.</summary>
    /// <param name="x">A value of the grid.</param>
    /// <param name="mean">Of the distribution.</param>
    /// <param name="logVariance">Of the distribution.</param>
    /// <param name="slope">Derivative by <paramref name="logVariance"/>; 0 where the mass is cut.</param>
    public static double NegativeLog(float x, double mean, double logVariance, out double slope)
    {
        double inverse = Math.Exp(-0.5 * logVariance), above = inverse * (x - mean + HalfStep), below = inverse * (x - mean - HalfStep);
        double massAbove = Sigmoid(Argument(above)), massBelow = Sigmoid(-Argument(below));
        double mass;
        if (x < -Edge)
        {
            (mass, slope) = (massAbove, -Sigmoid(-Argument(above)) * Slope(above));
        }
        else if (x > Edge)
        {
            (mass, slope) = (massBelow, Sigmoid(Argument(below)) * Slope(below));
        }
        else
        {
            double width = 2 * HalfStep * inverse;
            double distance = Linear * width * (1 + Cubic * (above * above + above * below + below * below));
            double growth = Math.Exp(-distance), gap = 1 - growth;
            double ofGap = gap == 0 ? 0 : growth / gap * (Slope(above) - Slope(below));
            mass = massAbove * massBelow * gap;
            slope = Sigmoid(Argument(below)) * Slope(below) - Sigmoid(-Argument(above)) * Slope(above) - ofGap;
        }

        if (mass < LeastMass)
        {
            slope = 0;
            return -Math.Log(LeastMass);
        }

        return -Math.Log(mass);
    }

    private static double Argument(double z) => Linear * (z + Cubic * z * z * z);

    // Derivative of the argument by the log variance: that of z is -z/2.
    private static double Slope(double z) => -0.5 * z * Linear * (1 + 3 * Cubic * z * z);

    private static double Sigmoid(double u) => 1 / (1 + Math.Exp(-u));
}
