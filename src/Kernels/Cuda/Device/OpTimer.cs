using System.Diagnostics;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Times ops one by one with two events; each op is waited for before the next is enqueued, so that an observer sees its results.</summary>
/// <remarks>The device is idle when an op begins, so the time contains what the host needs to enqueue it: some microseconds.</remarks>
internal sealed class OpTimer : IDisposable
{
    private readonly CUstream _stream;
    private readonly CudaEvent _start;
    private readonly CudaEvent _end;
    private OpObserver? _observer;
    private int _op = -1;

    /// <summary>Creates the events.</summary>
    public OpTimer(ICudaDriver driver, CUstream stream)
    {
        _stream = stream;
        _start = new CudaEvent(driver);
        _end = new CudaEvent(driver);
    }

    /// <summary>From now on every op is timed.</summary>
    public void Begin(OpObserver observer) => (_observer, _op) = (observer, -1);

    /// <summary>An op is about to be enqueued: the one before it is done with.</summary>
    public void Next()
    {
        if (_observer is null)
        {
            return;
        }

        Close();
        _op++;
        _start.Record(_stream);
    }

    /// <summary>Waits for the op under way, if there is one, and reports it.</summary>
    public void Close()
    {
        if (_op < 0)
        {
            return;
        }

        _end.Record(_stream);
        _end.Synchronize();
        float milliseconds = _end.MillisecondsSince(_start);
        long end = Stopwatch.GetTimestamp();
        _observer!(_op, end - (long)(milliseconds * 1e-3 * Stopwatch.Frequency), end);
    }

    /// <summary>Ops are no longer timed.</summary>
    public void End() => (_observer, _op) = (null, -1);

    /// <summary>Destroys the events.</summary>
    public void Dispose()
    {
        _start.Dispose();
        _end.Dispose();
    }
}
