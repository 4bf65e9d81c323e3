namespace L2c.Kernels.Cuda;

/// <summary>An integer known when a kernel is compiled, read as <c>default(N).Value</c>: ILGPU resolves no static interface members, which
/// <see cref="IConstant"/> has.</summary>
internal interface IInteger
{
    /// <summary>The number.</summary>
    int Value { get; }
}

/// <summary>Rows of at most 256 channels.</summary>
internal readonly struct Chunks1 : IInteger
{
    /// <inheritdoc/>
    public int Value => 1;
}

/// <summary>Rows of at most 512 channels.</summary>
internal readonly struct Chunks2 : IInteger
{
    /// <inheritdoc/>
    public int Value => 2;
}

/// <summary>Rows of at most 768 channels.</summary>
internal readonly struct Chunks3 : IInteger
{
    /// <inheritdoc/>
    public int Value => 3;
}

/// <summary>Rows of at most 1024 channels.</summary>
internal readonly struct Chunks4 : IInteger
{
    /// <inheritdoc/>
    public int Value => 4;
}

/// <summary>Rows of at most 1280 channels.</summary>
internal readonly struct Chunks5 : IInteger
{
    /// <inheritdoc/>
    public int Value => 5;
}

/// <summary>Rows of at most 1536 channels.</summary>
internal readonly struct Chunks6 : IInteger
{
    /// <inheritdoc/>
    public int Value => 6;
}

/// <summary>Rows of at most 1792 channels.</summary>
internal readonly struct Chunks7 : IInteger
{
    /// <inheritdoc/>
    public int Value => 7;
}

/// <summary>Rows of at most 2048 channels.</summary>
internal readonly struct Chunks8 : IInteger
{
    /// <inheritdoc/>
    public int Value => 8;
}
