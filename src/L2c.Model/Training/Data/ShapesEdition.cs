namespace L2c.Model.Training.Data;

/// <summary>Editions of <see cref="ShapesData"/>: they differ in how hearts and bars are drawn.</summary>
public enum ShapesEdition
{
    /// <summary><c>shapes</c>: hearts stand upside down and off centre, bars have slivers at their sides. Kept so that what was trained on it can be repeated.</summary>
    First,

    /// <summary><c>shapes2</c>: hearts upright and centred, three clean bars.</summary>
    Second,
}
