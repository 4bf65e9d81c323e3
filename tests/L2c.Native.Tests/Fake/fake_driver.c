/* A driver library whose device is host memory: enough to see that every argument of every binding arrives in its place.
   -DMISSING_LAUNCH leaves one export out, -DOLD those that came after CUDA 11.4, -DTOO_OLD also the one that came with it, -DNEW those that
   CUDA 13's headers no longer have, -DNO_DEVICE makes cuInit fail as on a machine without a GPU. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { uint32_t grid[3], block[3], shared, size; uint64_t stream, function; unsigned char parameters[64]; } launch_record;

static int context_current;

int cuInit(unsigned flags)
{
#ifdef NO_DEVICE
    return flags == 0 ? 100 : 1;
#else
    return flags == 0 ? 0 : 1;
#endif
}

#ifdef TOO_OLD
#define OLD
int cuDriverGetVersion(int *version) { *version = 11030; return 0; }
#else
int cuDriverGetVersion(int *version) { *version = 13020; return 0; }
#endif
int cuGetErrorName(int error, const char **text)
{
    *text = error == 100 ? "CUDA_ERROR_NO_DEVICE" : error == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : error == 218 ? "CUDA_ERROR_INVALID_PTX" : NULL;
    return *text ? 0 : 1;
}
int cuGetErrorString(int error, const char **text)
{
    *text = error == 100 ? "no CUDA-capable device is detected" : error == 2 ? "out of memory" : error == 218 ? "a PTX JIT compilation failed" : NULL;
    return *text ? 0 : 1;
}
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = 40 + ordinal; return ordinal < 2 ? 0 : 101; }
int cuDeviceGetName(char *name, int length, int device)
{
    const char *text = device == 40 ? "Fake A" : "Fake B";
    strncpy(name, text, (size_t)length);
    return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)(device - 39) * 0x2300000000; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = (void *)(uintptr_t)(0xC000000000 + device); return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { context_current = 0; return device < 40; }
int cuCtxSetCurrent(void *context) { context_current = (uintptr_t)context == 0xC000000028; return context_current ? 0 : 201; }
int cuCtxSynchronize(void) { return context_current ? 0 : 201; }
int cuMemGetInfo_v2(size_t *available, size_t *total) { *available = 0x1200000000; *total = 0x2300000000; return 0; }
int cuMemAlloc_v2(uint64_t *address, size_t bytes)
{
    if (bytes > ((size_t)1 << 33)) return 2;
    *address = (uint64_t)(uintptr_t)malloc(bytes);
    return 0;
}
int cuMemFree_v2(uint64_t address) { free((void *)(uintptr_t)address); return 0; }
int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) { memcpy((void *)(uintptr_t)to, from, bytes); return 0; }
int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) { memcpy(to, (void *)(uintptr_t)from, bytes); return 0; }
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream)
{
    memcpy((void *)(uintptr_t)to, from, bytes);
    return stream == (void *)0x5000000001 ? 0 : 1;
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream)
{
    memcpy(to, (void *)(uintptr_t)from, bytes);
    return stream == (void *)0x5000000001 ? 0 : 1;
}
int cuMemsetD8_v2(uint64_t to, unsigned char value, size_t count) { memset((void *)(uintptr_t)to, value, count); return 0; }
int cuMemsetD8Async(uint64_t to, unsigned char value, size_t count, void *stream)
{
    memset((void *)(uintptr_t)to, value, count);
    return stream == (void *)0x5000000001 ? 0 : 1;
}
int cuStreamCreate(void **stream, unsigned flags) { *stream = (void *)(uintptr_t)(0x5000000000 + flags); return 0; }
static int capturing, capture_broken;
int cuStreamSynchronize(void *stream)
{
    if (capturing) { capture_broken = 1; return 900; }
    return stream == (void *)0x5000000001 ? 0 : 1;
}
int cuStreamDestroy_v2(void *stream) { return stream == (void *)0x5000000001 ? 0 : 1; }
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream)
{
    memcpy((void *)(uintptr_t)to, (void *)(uintptr_t)from, bytes);
    return stream == (void *)0x5000000001 ? 0 : 1;
}

/* Events are numbered by creation, 0x6E00000000 the first; the stream has passed those that were recorded. */
static int events_created, event_stream_ok[4];
static int event_number(void *event)
{
    uintptr_t number = (uintptr_t)event - 0x6E00000000;
    return number < 4 ? (int)number : -1;
}
int cuEventCreate(void **event, unsigned flags)
{
    if (flags != 0 && flags != 2) return 1;
    *event = (void *)(uintptr_t)(0x6E00000000 + events_created++ % 4);
    event_stream_ok[event_number(*event)] = 0;
    return 0;
}
int cuEventRecord(void *event, void *stream)
{
    if (event_number(event) < 0) return 400;
    event_stream_ok[event_number(event)] = stream == (void *)0x5000000001;
    return 0;
}
int cuEventSynchronize(void *event) { return event_number(event) >= 0 && event_stream_ok[event_number(event)] ? 0 : 400; }
static int elapsed(float *milliseconds, void *start, void *end, float unit)
{
    *milliseconds = unit * (float)(event_number(end) - event_number(start));
    return event_number(start) < 0 || event_number(end) < 0 ? 400 : 0;
}
#ifndef NEW
int cuEventElapsedTime(float *milliseconds, void *start, void *end) { return elapsed(milliseconds, start, end, 1.5f); }
#endif
#ifndef OLD
int cuEventElapsedTime_v2(float *milliseconds, void *start, void *end) { return elapsed(milliseconds, start, end, 2.5f); }
#endif
int cuEventDestroy_v2(void *event) { return event_number(event) >= 0 ? 0 : 400; }

/* A capture knows only that it began, was broken by a synchronisation, and ended; graphs have three nodes. */
static int graphs_alive, launches, functions_loaded, attributes_read;
int cuStreamBeginCapture_v2(void *stream, int mode)
{
    if (stream != (void *)0x5000000001 || mode != 1 || capturing) return 1;
    capturing = 1;
    capture_broken = 0;
    return 0;
}
int cuStreamEndCapture(void *stream, void **graph)
{
    *graph = NULL;
    if (stream != (void *)0x5000000001 || !capturing) return 1;
    capturing = 0;
    if (capture_broken) return 901;
    *graph = (void *)0x7200000000;
    graphs_alive++;
    return 0;
}
#ifndef TOO_OLD
int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags)
{
    *executable = (void *)0x7300000000;
    if (graph != (void *)0x7200000000 || (flags != 0 && flags != 0x900000004)) return 1;
    graphs_alive++;
    return 0;
}
#endif
int cuGraphLaunch(void *executable, void *stream)
{
    launches++;
    return executable == (void *)0x7300000000 && stream == (void *)0x5000000001 ? 0 : 1;
}
int cuGraphGetNodes(void *graph, void **nodes, size_t *count)
{
    if (graph != (void *)0x7200000000) return 1;
    if (nodes == NULL) { *count = 3; return 0; }
    for (size_t i = 0; i < *count; i++) nodes[i] = i < 3 ? (void *)(0x7400000000 + i) : NULL;
    if (*count > 3) *count = 3;
    return 0;
}
int cuGraphExecDestroy(void *executable) { graphs_alive--; return executable == (void *)0x7300000000 ? 0 : 1; }
int cuGraphDestroy(void *graph) { graphs_alive--; return graph == (void *)0x7200000000 ? 0 : 1; }

/* For the test alone: the counters above, through a function that the seam has. */
int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    *value = attribute == 75 ? (device == 40 ? 9 : 8) : attribute == 76 ? (device == 40 ? 0 : 6) : attribute == 16 ? 132
        : attribute == 9001 ? graphs_alive : attribute == 9002 ? launches : attribute == 9003 ? capturing
        : attribute == 9004 ? functions_loaded : attribute == 9005 ? attributes_read : -1;
    return *value < 0;
}

int cuModuleLoadDataEx(void **module, const void *image, unsigned count, const int *options, void **values)
{
    if (strcmp(image, "good") == 0) { *module = (void *)0x4D00000000; return 0; }
    for (unsigned i = 0; i < count; i++)
        if (options[i] == 5)
            for (unsigned j = 0; j < count; j++)
                if (options[j] == 6) strncpy(values[i], "line 7: Unknown symbol 'acc'", (size_t)(uintptr_t)values[j]);
    return 218;
}
int cuModuleGetFunction(void **function, void *module, const char *name)
{
    *function = (void *)0x4600000000;
    return module == (void *)0x4D00000000 && strcmp(name, "Kernel_\xC3\xA9") == 0 ? 0 : 500;
}
int cuModuleUnload(void *module) { return module == (void *)0x4D00000000 ? 0 : 1; }
#ifndef OLD
int cuFuncLoad(void *function) { functions_loaded++; return function == (void *)0x4600000000 ? 0 : 400; }
#endif
int cuFuncGetAttribute(int *value, int attribute, void *function)
{
    attributes_read++;
    *value = 1000 + attribute;
    return function == (void *)0x4600000000 ? 0 : 1;
}
int cuFuncSetAttribute(void *function, int attribute, int value)
{
    return function == (void *)0x4600000000 && attribute == 8 && value == 65536 ? 0 : 1;
}

#ifndef MISSING_LAUNCH
/* Writes what it was given to the address that is the first packed parameter. */
int cuLaunchKernel(
    void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *stream,
    void **parameters, void **extra)
{
    if (parameters != NULL || extra == NULL || extra[0] != (void *)1 || extra[2] != (void *)2 || extra[4] != (void *)0) return 1;
    launch_record *record = *(launch_record **)extra[1];
    launch_record seen = { { gx, gy, gz }, { bx, by, bz }, shared, (uint32_t)*(size_t *)extra[3], (uintptr_t)stream, (uintptr_t)function, { 0 } };
    memcpy(seen.parameters, extra[1], seen.size);
    *record = seen;
    return 0;
}
#endif
