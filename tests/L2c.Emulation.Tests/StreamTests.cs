using L2c.Native;

namespace L2c.Emulation.Tests;

public sealed class StreamTests : IDisposable
{
    private readonly Device _device = new();

    private EmulatedDriver Driver => _device;

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Bytes_go_to_the_device_and_back()
    {
        CUdeviceptr a = _device.Upload<int>([1, 2, 3, 4]), b = _device.Allocate(16);
        Assert.Equal([2, 3], _device.Download<int>(new CUdeviceptr(a.Value + 4), 2));
        _device.Check(Driver.cuMemcpyDtoDAsync_v2(b, a, 16, _device.Stream));
        _device.Check(Driver.cuMemsetD8Async(new CUdeviceptr(b.Value + 4), 0xFF, 4, _device.Stream));
        _device.Synchronize();
        Assert.Equal([1, -1, 3, 4], _device.Download<int>(b, 4));
        _device.Check(Driver.cuMemsetD8_v2(b, 1, 16));
        Assert.Equal(0x01010101, _device.Download<int>(b, 4)[3]);
    }

    [Fact]
    public void An_asynchronous_copy_has_not_happened_until_the_stream_is_waited_for()
    {
        using var source = new HostBuffer<int>(1, 2);
        using var result = new HostBuffer<int>(0, 0);
        CUdeviceptr a = _device.Allocate(8);
        _device.Check(Driver.cuMemcpyHtoDAsync_v2(a, source.Address, source.Bytes, _device.Stream));
        _device.Check(Driver.cuMemcpyDtoHAsync_v2(result.Address, a, result.Bytes, _device.Stream));
        source.Values[1] = 3;
        Assert.Equal([0, 0], result.Values);
        _device.Synchronize();
        Assert.Equal([1, 3], result.Values);
    }

    [Fact]
    public void A_non_blocking_stream_does_not_see_the_null_stream_and_a_blocking_one_does()
    {
        CUdeviceptr a = _device.Allocate(4), b = _device.Upload<int>([7]);
        _device.Check(Driver.cuMemsetD8_v2(a, 0, 4));
        _device.Check(Driver.cuMemcpyDtoDAsync_v2(b, a, 4, _device.Stream));
        _device.Synchronize();
        Assert.Equal([-1], _device.Download<int>(b, 1));

        using var other = new Device();
        EmulatedDriver driver = other;
        other.Check(driver.cuStreamCreate(out CUstream blocking, CUstream_flags.CU_STREAM_DEFAULT));
        CUdeviceptr c = other.Allocate(4), d = other.Upload<int>([7]);
        other.Check(driver.cuMemsetD8_v2(c, 0, 4));
        other.Check(driver.cuMemcpyDtoDAsync_v2(d, c, 4, blocking));
        other.Check(driver.cuStreamSynchronize(blocking));
        Assert.Equal([0], other.Download<int>(d, 1));
    }

    [Fact]
    public void A_synchronous_copy_does_not_wait_for_a_non_blocking_stream()
    {
        CUdeviceptr a = _device.Upload<int>([1]);
        _device.Check(Driver.cuMemsetD8Async(a, 0, 4, _device.Stream));
        Assert.Equal([1], _device.Download<int>(a, 1));
        _device.Check(Driver.cuCtxSynchronize());
        Assert.Equal([0], _device.Download<int>(a, 1));
    }

    [Fact]
    public void A_destroyed_stream_finishes_and_is_gone()
    {
        CUdeviceptr a = _device.Upload<int>([1]);
        _device.Check(Driver.cuMemsetD8Async(a, 0, 4, _device.Stream));
        _device.Check(Driver.cuStreamDestroy_v2(_device.Stream));
        Assert.Equal([0], _device.Download<int>(a, 1));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuStreamSynchronize(_device.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuMemsetD8Async(a, 0, 4, _device.Stream));
    }

    [Fact]
    public void Events_are_passed_in_stream_order_and_give_times()
    {
        CUdeviceptr a = _device.Allocate(4);
        _device.Check(Driver.cuEventCreate(out CUevent start, CUevent_flags.CU_EVENT_DEFAULT));
        _device.Check(Driver.cuEventCreate(out CUevent end, CUevent_flags.CU_EVENT_DEFAULT));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuEventElapsedTime(out _, start, end));
        _device.Check(Driver.cuEventRecord(start, _device.Stream));
        _device.Check(Driver.cuMemsetD8Async(a, 5, 4, _device.Stream));
        _device.Check(Driver.cuEventRecord(end, _device.Stream));
        _device.Check(Driver.cuMemsetD8Async(a, 6, 4, _device.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, Driver.cuEventElapsedTime(out _, start, end));
        _device.Check(Driver.cuEventSynchronize(end));
        Assert.Equal(0x05050505, _device.Download<int>(a, 1)[0]);
        _device.Check(Driver.cuEventElapsedTime(out float milliseconds, start, end));
        Assert.True(milliseconds > 0);
        _device.Check(Driver.cuEventRecord(start, _device.Stream));
        _device.Synchronize();
        _device.Check(Driver.cuEventElapsedTime(out float moved, start, end));
        Assert.True(moved < 0, "the start was recorded again, after the end");
        _device.Check(Driver.cuEventDestroy_v2(end));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuEventElapsedTime(out _, start, end));
    }

    [Fact]
    public void An_event_that_is_recorded_again_is_passed_at_its_last_mark()
    {
        _device.Check(Driver.cuEventCreate(out CUevent twice, CUevent_flags.CU_EVENT_DEFAULT));
        _device.Check(Driver.cuEventCreate(out CUevent between, CUevent_flags.CU_EVENT_DEFAULT));
        _device.Check(Driver.cuEventRecord(twice, _device.Stream));
        _device.Check(Driver.cuEventRecord(between, _device.Stream));
        _device.Check(Driver.cuEventRecord(twice, _device.Stream));
        _device.Check(Driver.cuEventSynchronize(between));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, Driver.cuEventElapsedTime(out _, between, twice));
        _device.Check(Driver.cuEventSynchronize(twice));
        _device.Check(Driver.cuEventElapsedTime(out float milliseconds, between, twice));
        Assert.True(milliseconds >= 0);
    }

    [Fact]
    public void An_event_without_timing_gives_none()
    {
        _device.Check(Driver.cuEventCreate(out CUevent timed, CUevent_flags.CU_EVENT_DEFAULT));
        _device.Check(Driver.cuEventCreate(out CUevent mark, CUevent_flags.CU_EVENT_DISABLE_TIMING));
        _device.Check(Driver.cuEventRecord(timed, _device.Stream));
        _device.Check(Driver.cuEventRecord(mark, _device.Stream));
        _device.Check(Driver.cuEventSynchronize(mark));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuEventElapsedTime(out _, timed, mark));
    }

    [Fact]
    public void The_log_has_what_ran_in_order()
    {
        CUdeviceptr a = _device.Upload<int>([1]);
        Driver.ClearLog();
        _device.Check(Driver.cuMemsetD8Async(a, 2, 4, _device.Stream));
        Assert.Empty(Driver.Log);
        _ = _device.Download<int>(a, 1);
        _device.Synchronize();
        Assert.Collection(
            Driver.Log,
            w => Assert.Equal(CopyDirection.DeviceToHost, Assert.IsType<MemoryCopy>(w).Direction),
            w => Assert.Equal(new MemorySet(a.Value, 2, 4), w));
    }
}
