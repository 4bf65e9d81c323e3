namespace L2c.Weights;

/// <summary>How much a file may be or ask for: what goes beyond is refused, by counting, so alike on every machine. In docs/reliability.md, too.</summary>
/// <remarks>
/// They keep work and memory in proportion to the file, and lie far above what genuine files have. What depends on the length of a file is
/// counted by <see cref="WorkBudget"/>.
/// </remarks>
public static class ReadLimits
{
    /// <summary>Tensors of a file of any format, and entries of an archive. Stable Diffusion XL in training has 13,210.</summary>
    public const int Tensors = 100_000;

    /// <summary>Axes of a tensor; PyTorch's own limit.</summary>
    public const int Axes = 64;

    /// <summary>Header of a safetensors file; the limit of the reference implementation.</summary>
    public const long SafetensorsHeaderBytes = 100_000_000;

    /// <summary>Architecture in a file's metadata: names of a million classes fit, a header made of nothing else does not.</summary>
    public const int ArchitectureCharacters = 16 << 20;

    /// <summary>Header of an npy file; NumPy's own limit.</summary>
    public const int NpyHeaderBytes = 10_000;

    /// <summary>Central directory of a zip archive.</summary>
    public const int ZipDirectoryBytes = 32 << 20;

    /// <summary>A deflated entry of an archive, before and after.</summary>
    public const long InflatedEntryBytes = 64L << 20;

    /// <summary>All deflated entries of an archive together.</summary>
    public const long InflatedBytes = 1L << 30;

    /// <summary>Bytes that a deflated entry of more than a mebibyte may have for each byte in the archive.</summary>
    public const long InflationRatio = 100;

    /// <summary>Numbers of a mean or covariance of features: 8192 features.</summary>
    public const long StatisticsNumbers = 1L << 26;

    /// <summary>Pickle of a file of <c>torch.save</c>.</summary>
    public const int PickleBytes = 32 << 20;

    /// <summary>A text in a pickle.</summary>
    public const int PickleTextBytes = 1 << 20;

    /// <summary>Values inside values of a pickle.</summary>
    public const int PickleDepth = 32;

    /// <summary>Characters of a dotted name.</summary>
    public const int NameLength = 1024;

    /// <summary>Bytes that tensors may have in all beyond <see cref="ViewRatio"/> times their storages.</summary>
    public const long FreeViewBytes = 16 << 20;

    /// <summary>Bytes that tensors may have for each byte of their storages: views may share and repeat elements.</summary>
    public const int ViewRatio = 16;

    /// <summary>Bytes that reading views out of order may fetch beyond <see cref="FetchRatio"/> times what it gives out.</summary>
    public const long FreeFetchBytes = 1L << 30;

    /// <summary>Bytes that reading views out of order may fetch for each byte that it gives out.</summary>
    public const int FetchRatio = 32;

    /// <summary>A schedule file.</summary>
    public const long ScheduleBytes = 4 << 20;

    /// <summary>A calibration table: a thousand evaluations, each against each other.</summary>
    public const long CalibrationBytes = 64 << 20;

    /// <summary>Evaluations of a schedule: published networks know 1000 times.</summary>
    public const int ScheduleEvaluations = 4096;

    /// <summary>Evaluations times branches and segments of a schedule: a thousand of each.</summary>
    public const int ScheduleBranches = 1 << 20;

    /// <summary>Pixels of a picture: a gibibyte when decoded.</summary>
    public const long PicturePixels = 1L << 28;

    /// <summary>Bytes of a picture's file: its pixels uncompressed, and what comes before them.</summary>
    public const long PictureBytes = (4 * PicturePixels) + (1 << 20);

    /// <summary>A text chunk of a picture whose parameters are shown.</summary>
    public const int PictureTextBytes = 1 << 20;

    /// <summary>Text chunks of such a picture.</summary>
    public const int PictureTexts = 64;

    /// <summary>A training log that is continued or drawn.</summary>
    public const long LogBytes = 1L << 30;

    /// <summary>The settings of a sweep or of a set of images.</summary>
    public const long SettingsBytes = 1 << 20;

    /// <summary>The index of a folder of latents: a million skipped pictures fit.</summary>
    public const long LatentIndexBytes = 256L << 20;
}
