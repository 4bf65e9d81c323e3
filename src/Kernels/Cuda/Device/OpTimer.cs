using System.Diagnostics;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Times ops one by one with two events; each op is waited for before the next is enqueued.</summary>
internal sealed class OpTimer : IDisposable
{
    private readonly ICudaDriver _driver;
    private readonly CUstream _stream;
    private readonly CUevent _start;
    private readonly CUevent _end;
    private OpObserver? _observer;
    private int _op = -1;

    /// <summary>Creates the events.</summary>
    public OpTimer(ICudaDriver driver, CUstream stream)
    {
        (_driver, _stream) = (driver, stream);
        driver.Check(driver.cuEventCreate(out _start, CUevent_flags.CU_EVENT_DEFAULT));
        driver.Check(driver.cuEventCreate(out _end, CUevent_flags.CU_EVENT_DEFAULT));
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
        _driver.Check(_driver.cuEventRecord(_start, _stream));
    }

    /// <summary>Waits for the op under way, if there is one, and reports it.</summary>
    public void Close()
    {
        if (_op < 0)
        {
            return;
        }

        _driver.Check(_driver.cuEventRecord(_end, _stream));
        _driver.Check(_driver.cuEventSynchronize(_end));
        _driver.Check(_driver.cuEventElapsedTime(out float milliseconds, _start, _end));
        long end = Stopwatch.GetTimestamp();
        _observer!(_op, end - (long)(milliseconds * 1e-3 * Stopwatch.Frequency), end);
    }

    /// <summary>Ops are no longer timed.</summary>
    public void End() => (_observer, _op) = (null, -1);

    /// <summary>Destroys the events.</summary>
    public void Dispose()
    {
        _ = _driver.cuEventDestroy_v2(_start);
        _ = _driver.cuEventDestroy_v2(_end);
    }
}
