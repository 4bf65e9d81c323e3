/* A cuBLASLt that computes nothing: every function checks that each argument arrives in its place, with all its bits.
   The status of a wrong argument is 100 + its position, so that a failing test names it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };

typedef struct { uint64_t data[8]; } algorithm;
typedef struct { algorithm algo; size_t workspace; int state; float waves; int reserved[4]; } heuristic_result;

static void *const HANDLE = (void *)0x1100000001;
static void *const DESC = (void *)0x2200000002;
static void *const LAYOUT[4] = { (void *)0x3A00000003, (void *)0x3B00000003, (void *)0x3C00000003, (void *)0x3D00000003 };
static void *const PREFERENCE = (void *)0x4400000004;

#define EXPECT(position, condition) do { if (!(condition)) return 100 + (position); } while (0)

static int is_algorithm(const algorithm *algo, uint64_t first)
{
    for (int i = 0; i < 8; i++)
        if (algo->data[i] != first + (uint64_t)i) return 0;
    return 1;
}

static void make_result(heuristic_result *result, int rank)
{
    for (int i = 0; i < 8; i++) result->algo.data[i] = 0xA100000000 + 0x100 * (uint64_t)rank + (uint64_t)i;
    result->workspace = 0x300000000 + (size_t)rank;
    result->state = rank == 1 ? NOT_SUPPORTED : SUCCESS;
    result->waves = (float)rank + 0.5f;
    memset(result->reserved, 0xEE, sizeof result->reserved);
}

static int is_int32(const void *value, size_t size, int32_t expected) { return size == 4 && memcmp(value, &expected, 4) == 0; }
static int is_int64(const void *value, size_t size, int64_t expected) { return size == 8 && memcmp(value, &expected, 8) == 0; }

size_t cublasLtGetVersion(void) { return 130002; }

int cublasLtCreate(void **handle) { *handle = HANDLE; return SUCCESS; }
int cublasLtDestroy(void *handle) { EXPECT(1, handle == HANDLE); return SUCCESS; }

int cublasLtMatmulDescCreate(void **desc, int compute, int scale)
{
    EXPECT(2, compute == 77);
    EXPECT(3, scale == 0);
    *desc = DESC;
    return SUCCESS;
}
int cublasLtMatmulDescSetAttribute(void *desc, int attribute, const void *value, size_t size)
{
    EXPECT(1, desc == DESC);
    switch (attribute)
    {
        case 3: EXPECT(3, is_int32(value, size, 1)); return SUCCESS;
        case 4: EXPECT(3, is_int32(value, size, 0)); return SUCCESS;
        case 7: EXPECT(3, is_int32(value, size, 36)); return SUCCESS;
        case 8: EXPECT(3, is_int64(value, size, 0x7700000010)); return SUCCESS;
        default: return 102;
    }
}
int cublasLtMatmulDescDestroy(void *desc) { EXPECT(1, desc == DESC); return SUCCESS; }

/* Which layout it is, is told by the element type. */
int cublasLtMatrixLayoutCreate(void **layout, int type, uint64_t rows, uint64_t cols, int64_t ld)
{
    EXPECT(2, type == 0 || type == 2 || type == 14);
    EXPECT(3, rows == 0x500000001);
    EXPECT(4, cols == 0x600000002);
    EXPECT(5, ld == -0x700000003);
    *layout = LAYOUT[type == 0 ? 0 : type == 2 ? 1 : 2];
    return SUCCESS;
}
int cublasLtMatrixLayoutSetAttribute(void *layout, int attribute, const void *value, size_t size)
{
    EXPECT(1, layout == LAYOUT[2]);
    switch (attribute)
    {
        case 5: EXPECT(3, is_int32(value, size, 12)); return SUCCESS;
        case 6: EXPECT(3, is_int64(value, size, 0x8800000008)); return SUCCESS;
        default: return 102;
    }
}
int cublasLtMatrixLayoutDestroy(void *layout) { EXPECT(1, layout == LAYOUT[1]); return SUCCESS; }

int cublasLtMatmulPreferenceCreate(void **preference) { *preference = PREFERENCE; return SUCCESS; }
int cublasLtMatmulPreferenceSetAttribute(void *preference, int attribute, const void *value, size_t size)
{
    EXPECT(1, preference == PREFERENCE);
    switch (attribute)
    {
        case 1: EXPECT(3, is_int64(value, size, 0x200000000)); return SUCCESS;
        case 3: EXPECT(3, is_int32(value, size, 2)); return SUCCESS;
        case 5: EXPECT(3, is_int32(value, size, 256)); return SUCCESS;
        case 6: EXPECT(3, is_int32(value, size, 128)); return SUCCESS;
        case 7: EXPECT(3, is_int32(value, size, 64)); return SUCCESS;
        case 8: EXPECT(3, is_int32(value, size, 32)); return SUCCESS;
        default: return 102;
    }
}
int cublasLtMatmulPreferenceDestroy(void *preference) { EXPECT(1, preference == PREFERENCE); return SUCCESS; }

/* Knows three algorithms, of which the second cannot be used. */
int cublasLtMatmulAlgoGetHeuristic(
    void *handle, void *desc, void *a, void *b, void *c, void *d, void *preference, int requested, heuristic_result *results, int *returned)
{
    *returned = 0;
    EXPECT(1, handle == HANDLE);
    EXPECT(2, desc == DESC);
    EXPECT(3, a == LAYOUT[0]);
    EXPECT(4, b == LAYOUT[1]);
    EXPECT(5, c == LAYOUT[2]);
    EXPECT(6, d == LAYOUT[3]);
    EXPECT(7, preference == PREFERENCE);
    EXPECT(8, requested == 4);
    for (int i = 0; i < 3; i++) make_result(&results[i], i);
    *returned = 3;
    return SUCCESS;
}

int cublasLtMatmulAlgoCheck(
    void *handle, void *desc, void *a, void *b, void *c, void *d, const algorithm *algo, heuristic_result *result)
{
    EXPECT(1, handle == HANDLE);
    EXPECT(2, desc == DESC);
    EXPECT(3, a == LAYOUT[0]);
    EXPECT(4, b == LAYOUT[1]);
    EXPECT(5, c == LAYOUT[2]);
    EXPECT(6, d == LAYOUT[3]);
    EXPECT(7, is_algorithm(algo, 0xA100000200));
    make_result(result, 2);
    return SUCCESS;
}

int cublasLtMatmul(
    void *handle, void *desc, const float *alpha, const void *a, void *a_layout, const void *b, void *b_layout, const float *beta,
    const void *c, void *c_layout, void *d, void *d_layout, const algorithm *algo, void *workspace, size_t workspace_bytes, void *stream)
{
    EXPECT(1, handle == HANDLE);
    EXPECT(2, desc == DESC);
    EXPECT(3, *alpha == 1.5f);
    EXPECT(4, a == (void *)0xA00000000A);
    EXPECT(5, a_layout == LAYOUT[0]);
    EXPECT(6, b == (void *)0xB00000000B);
    EXPECT(7, b_layout == LAYOUT[1]);
    EXPECT(8, *beta == -0.25f);
    EXPECT(9, c == (void *)0xC00000000C);
    EXPECT(10, c_layout == LAYOUT[2]);
    EXPECT(11, d == (void *)0xD00000000D);
    EXPECT(12, d_layout == LAYOUT[3]);
    EXPECT(13, is_algorithm(algo, 0xA100000200));
    EXPECT(14, workspace == (void *)0xE00000000E);
    EXPECT(15, workspace_bytes == 0x200000000);
    EXPECT(16, stream == (void *)0x5000000001);
    return SUCCESS;
}
