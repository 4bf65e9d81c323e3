namespace L2c.Weights.Storage;

/// <summary>What a name in a folder stands for, the name itself and not what a link leads to.</summary>
public enum EntryKind
{
    /// <summary>There is nothing of that name.</summary>
    None,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link, wherever it leads.</summary>
    Link,

    /// <summary>A device, pipe or socket.</summary>
    Device,
}
