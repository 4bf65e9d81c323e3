using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Memory;
using L2c.Weights.Npy;
using L2c.Weights.Storage;

namespace L2c.Engine.Tests.SampleSets;

public sealed partial class SampleSetTests : IDisposable
{
    private const int Images = 40; // two chunks, the second one not full

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public SampleSetTests() => _model = TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels);

    [Fact]
    public void The_file_is_the_same_from_any_number_of_ranks_and_has_the_images_of_an_ordinary_run()
    {
        SampleSetResult alone = Run(Request("a.npz"));
        Assert.True(alone.IsFinished);
        Assert.Equal((Images, 8, 8, 2, 2), (alone.Images, alone.Height, alone.Width, alone.Chunks, alone.ChunksDone));
        Assert.False(Directory.Exists(_folder.File("a.npz.parts")));
        Assert.Equal(FileHash.Sha256(alone.Path, TestContext.Current.CancellationToken), alone.Sha256);
        for (int ranks = 2; ranks <= 3; ranks++)
        {
            string folder = _folder.File($"of-{ranks}");
            for (int rank = ranks - 1; rank >= 0; rank--)
            {
                SampleSetResult own = Run(Request($"of-{ranks}") with { Rank = rank, Ranks = ranks });
                Assert.True(own is { IsFinished: true, Sha256: null });
            }

            SampleSetResult joined = SampleSetGathering.Run(folder, _folder.File($"{ranks}.npz"), cancel: TestContext.Current.CancellationToken);
            Assert.Equal(alone.Sha256, joined.Sha256);
        }

        using LoadedModel model = LoadedModel.Open(_model, DeviceChoice.Cpu);
        SampleResult ordinary = model.Sample(Sample() with { Classes = "0,1,2" }, cancel: TestContext.Current.CancellationToken);
        using var archive = NpzArchive.Open(alone.Path);
        byte[] pixels = new byte[Images * 8 * 8 * 3];
        archive.Images().Read(0, pixels);
        Assert.Equal(Enumerable.Range(0, Images).SelectMany(image => ordinary.Picture(image).Pixels), pixels);
        using TensorFile arrays = TensorFiles.Open(alone.Path);
        byte[] labels = new byte[Images * sizeof(long)];
        arrays.ReadBytes(arrays.Find("arr_1")!, 0, labels);
        Assert.Equal(
            Enumerable.Range(0, Images).Select(image => image % 3L), labels.Chunk(sizeof(long)).Select(label => BitConverter.ToInt64(label)));
    }

    [Fact]
    public void Latents_are_decoded_and_the_file_is_the_same_from_two_ranks()
    {
        string latents = TinyModel.Write(_folder.File("l.safetensors"), TinyModel.Latents);
        SampleRequest sample = Sample() with { Vae = TinyModel.Write(_folder.File("v.safetensors"), TinyModel.Autoencoder), Count = 34 };
        SampleSetResult alone = Run(Request("a.npz") with { Sample = sample }, latents);
        Assert.Equal((64, 64), (alone.Height, alone.Width));
        Run(Request("of-2") with { Sample = sample with { Batch = 3 }, Rank = 0, Ranks = 2 }, latents);
        Run(Request("of-2") with { Sample = sample, Rank = 1, Ranks = 2 }, latents);
        SampleSetResult joined = SampleSetGathering.Run(_folder.File("of-2"), _folder.File("b.npz"), cancel: TestContext.Current.CancellationToken);
        Assert.Equal(alone.Sha256, joined.Sha256);
    }

    [Fact]
    public void A_cancelled_task_leaves_its_chunks_to_the_next_one()
    {
        using CancellationTokenSource source = new();
        List<WorkProgress> told = [];
        SampleSetResult cut = Run(Request("a.npz"), progress: new Reports { Then = StopAfterTheFirstChunk }, cancel: source.Token);
        Assert.Equal((false, 1), (cut.IsFinished, cut.ChunksDone));
        Assert.Equal(("40 images", 10), (told[0].Work, told[0].Total));
        told.Clear();
        SampleSetResult done = Run(Request("a.npz"), progress: new Reports { Then = told.Add });
        Assert.Equal((8, 10), (told[0].Done, told[0].Total));
        Assert.True(done.IsFinished);
        Assert.Equal(Run(Request("b.npz")).Sha256, done.Sha256);

        // Eight steps of two evaluations, four batches of eight images make the first chunk.
        void StopAfterTheFirstChunk(WorkProgress step)
        {
            told.Add(step);
            if (step.Done == 9)
            {
                source.Cancel();
            }
        }
    }

    [Fact]
    public void What_cannot_be_gathered_is_refused_by_name()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        string folder = _folder.File("ranks"), file = _folder.File("a.npz");
        Run(Request("ranks") with { Rank = 0, Ranks = 2 });
        Assert.Contains("1 of 2 chunks are missing, the first with images 32 to 39", Refusal<RequestException>());
        Assert.Throws<OperationCanceledException>(() => SampleSetGathering.Run(folder, file, cancel: new CancellationToken(canceled: true)));
        Run(Request("ranks") with { Rank = 1, Ranks = 2 });
        string chunk = Path.Combine(folder, "chunk-000001.npz");
        byte[] bytes = File.ReadAllBytes(chunk);
        bytes[^300] ^= 1;
        File.WriteAllBytes(chunk, bytes);
        string damage = Refusal<MalformedFileException>();
        Assert.Contains("chunk-000001.npz: the checksum", damage);
        Assert.EndsWith("; delete it, and run the command that made it again", damage);
        File.Copy(Path.Combine(folder, "chunk-000000.npz"), chunk, overwrite: true);
        Assert.Contains("has 32 images of 8 x 8 instead of 8", Refusal<MalformedFileException>());
        string settings = Path.Combine(folder, "settings.json"), text = File.ReadAllText(settings);
        foreach (string broken in (string[])["{}", text.Replace("\"images\":40", "\"images\":2147483647", StringComparison.Ordinal)])
        {
            Assert.NotEqual(text, broken);
            File.WriteAllText(settings, broken);
            Assert.Contains("settings.json: does not hold", Refusal<MalformedFileException>());
        }

        File.Delete(settings);
        Assert.Contains("no settings.json", Refusal<RequestException>());
        Directory.Delete(folder, recursive: true);
        Assert.Contains("no such folder", Refusal<DirectoryNotFoundException>());
        Assert.False(File.Exists(file));

        string Refusal<T>()
            where T : Exception => Assert.Throws<T>(() => SampleSetGathering.Run(folder, file, cancel: cancel)).Message;
    }

    [Fact]
    public void What_cannot_begin_leaves_nothing()
    {
        using OpenedModel opened = OpenedModel.Open(_model);
        DeviceChoice tight = DeviceChoice.Cpu with { Memory = new HostMemory { Stated = "1M" } };
        foreach (SampleSetRequest request in (SampleSetRequest[])[Request("a.npz"), Request("ranks") with { Rank = 0, Ranks = 2 }])
        {
            SampleSetJob job = new(request, opened.Architecture, tight);
            Assert.Throws<InsufficientMemoryException>(() => opened.SampleSet(job, cancel: TestContext.Current.CancellationToken));
            Assert.Equal(["m.safetensors"], _folder.Names);
        }
    }

    [Fact]
    public void Two_processes_of_one_rank_do_not_meet()
    {
        using (FolderLock.TryTake(_folder.File("ranks/rank-1-of-2")))
        {
            Assert.Contains("another process", Assert.Throws<RequestException>(() => Run(Request("ranks") with { Rank = 1, Ranks = 2 })).Message);
            Run(Request("ranks") with { Rank = 0, Ranks = 2 });
        }

        using FolderLock? own = FolderLock.TryTake(_folder.File("a.npz.parts"));
        Assert.Contains("another process", Assert.Throws<RequestException>(() => Run(Request("a.npz"))).Message);
    }

    [Fact]
    public void What_is_no_set_is_refused()
    {
        Refused(Request("a.npz") with { Sample = Sample() with { Count = null } }, "--count");
        Refused(Request("a.npz") with { Sample = Sample() with { Count = 32_000_001 } }, "at most 32000000 images");
        Refused(Request("a.npz") with { Sample = Sample() with { TorchNoise = true } }, "--rng torch");
        Refused(Request("a.npz") with { Sample = Sample() with { Noise = _model } }, "--noise");
        Refused(Request("a.npz") with { Sample = Sample() with { KeepStates = true } }, "--trajectory");
        Refused(Request("a.npz") with { Sample = Sample() with { Compare = true } }, "--compare");
        Refused(Request("a") with { Rank = 2, Ranks = 2 }, "--rank 2");
        RequestException latents = Assert.Throws<RequestException>(() => new SampleSetJob(Request("a.npz"), TinyModel.Latents, DeviceChoice.Cpu));
        Assert.Contains("--vae", latents.Message);

        static void Refused(SampleSetRequest request, string word) => Assert.Contains(
            word, Assert.Throws<RequestException>(() => new SampleSetJob(request, TinyModel.Pixels, DeviceChoice.Cpu)).Message);
    }

    [Fact]
    public void Making_chunks_allocates_on_the_device_what_was_counted()
    {
        string latents = TinyModel.Write(_folder.File("l.safetensors"), TinyModel.Latents);
        string path = Directory.CreateDirectory(_folder.File("set")).FullName;
        SampleRequest sample = Sample() with { Vae = TinyModel.Write(_folder.File("v.safetensors"), TinyModel.Autoencoder), Count = 34 };
        using OpenedModel opened = OpenedModel.Open(latents);
        SampleSetJob job = new(new SampleSetRequest { Sample = sample, Out = path, Ranks = 1 }, opened.Architecture, DeviceChoice.Cpu);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        var folder = SampleSetFolder.Settle(path, SampleSetSettings.Of(job.Sample, opened.Source, opened.WeightSet, cancel), anew: false);
        folder.Begin();
        using LoadedModel model = opened.Load(DeviceChoice.Cpu);
        Kernels.CpuDevice device = (Kernels.CpuDevice)model.Device;
        long counted = model.Network.WeightBytes + SampleMemory.OfSampling(job.Sample, device, job.Sample.Batch).Device, peak = 0;
        Reports reports = new() { Then = _ => peak = Math.Max(peak, device.AllocatedBytes) };
        model.MakeChunks(job, folder, new TaskContext(reports, cancel));
        Assert.Equal(counted, peak);
        Assert.Equal(model.Network.WeightBytes, device.AllocatedBytes);
    }

    [Fact]
    public void Memory_does_not_grow_with_the_number_of_images()
    {
        using Kernels.CpuDevice device = new(1);
        MemoryNeed[] needs = [.. new[] { 64, 5_000_000 }.Select(count =>
        {
            SampleSetRequest request = Request("a.npz") with { Sample = Sample() with { Count = count } };
            SampleJob job = new SampleSetJob(request, TinyModel.Pixels, DeviceChoice.Cpu).Sample;
            return SampleMemory.OfSampling(job, device, job.Batch);
        })];
        Assert.Equal(needs[0], needs[1]);
    }

    public void Dispose() => _folder.Dispose();

    private static SampleRequest Sample() => new() { Count = Images, Steps = "2", Seed = 3, Batch = 8 };

    private SampleSetRequest Request(string name) => new() { Sample = Sample(), Out = _folder.File(name) };

    private SampleSetResult Run(
        SampleSetRequest request, string? model = null, IProgress<WorkProgress>? progress = null, CancellationToken? cancel = null)
    {
        using OpenedModel opened = OpenedModel.Open(model ?? _model);
        SampleSetJob job = new(request, opened.Architecture, DeviceChoice.Cpu);
        return opened.SampleSet(job, progress, cancel ?? TestContext.Current.CancellationToken);
    }
}
