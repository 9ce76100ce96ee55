/* Sliding-window attention for inference on processors with AVX-512.

   A block of 48 queries (three vectors of 16) meets the keys of its windows where they lie. Scores
   are kept with the queries along the vector, [key][query], so that the maximum, the exponential
   and the sum over keys need no exchange between lanes, and neither keys nor values need packing:
   in both products one operand is read as it is and the other one value at a time. The weights are
   made a chunk of keys at a time, right before they meet their values, and stay in the first cache.

   In bfloat16 the products take pairs of numbers and add up in float32; scores stay in float32.

   Only kernel.py calls this. Where the compiler has no AVX-512 the module is built all the same, and
   is_supported says no. */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16
#define VECTORS 3
#define ROWS (VECTORS * LANES)
#define KEY_TILE 8
#define CHUNK 32
#define OUTPUT_ROWS 12
#define OUTPUT_COLUMNS 4
#define ALIGNMENT 64
#define FLOAT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define BFLOAT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define LOG2_E 1.44269504088896341f /* e^x is 2^(x LOG2_E) */
#define INLINE static inline __attribute__((always_inline))

typedef struct {
    const char *query, *key, *value; /* [h, t, d] by their strides */
    char *output;                    /* [t, h, d] by its strides */
    /* Bytes from head to head, and from token to token. */
    Py_ssize_t query_stride[2], key_stride[2], value_stride[2], output_stride[2];
    Py_ssize_t n_heads, width, n_texts;
    const int64_t *starts, *lengths, *radii; /* of each text */
    const int64_t *global_ends;              /* of each text, in global_positions */
    const int64_t *global_positions;         /* within the text, ascending */
    float scale;
    int is_bfloat;
    int n_threads;
} Problem;

/* What one thread works in. */
typedef struct {
    float *scores;    /* [keys][ROWS] */
    char *key_rows;   /* keys of the globals outside the windows, one after the other */
    float *output;    /* [ROWS][width] */
    float *query;     /* [width][ROWS], or pairs [width / 2][ROWS] */
    uint32_t *weight_pairs; /* [CHUNK / 2][ROWS] */
    uint32_t *value_pairs;  /* [CHUNK / 2][width] */
    const char **values;    /* [keys]: where each key's value row lies */
} Scratch;

/* 2^x for x <= 0; 0 below -115, where a weight no longer moves a float32 sum of 1 or more (smaller
   ones would become subnormal, which is slow); NaN for NaN. The polynomials are the power series of
   2^r, |r| <= 1/2: their error is below 3e-7, or 5e-5 where the weights are rounded to the 8 bits
   of bfloat16. */
FLOAT_TARGET INLINE __m512 power_of_two(__m512 x, const int is_rounded)
{
    const __mmask16 counts = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-115.0f), _CMP_NLT_UQ);
    const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 r = _mm512_sub_ps(x, n);
    __m512 p;
    if (is_rounded) {
        p = _mm512_set1_ps(9.6181291e-3f);
    } else {
        p = _mm512_set1_ps(1.5403530e-4f);
        p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3333558e-3f));
        p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.6181291e-3f));
    }
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.5504109e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.4022651e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.9314718e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    return _mm512_maskz_scalef_ps(counts, p, n);
}

/* What the tiles of both dtypes share; the counts are constants, so that sums stay in registers. */
FLOAT_TARGET INLINE void clear(__m512 (*sums)[VECTORS], const int n_keys)
{
#pragma GCC unroll 8
    for (int k = 0; k < n_keys; k++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            sums[k][v] = _mm512_setzero_ps();
}

FLOAT_TARGET INLINE void store_scores(float *scores, __m512 (*sums)[VECTORS], const int n_keys)
{
#pragma GCC unroll 8
    for (int k = 0; k < n_keys; k++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            _mm512_store_ps(scores + k * ROWS + v * LANES, sums[k][v]);
}

/* Scores of n_keys (a constant) keys against the block: scores [n_keys][ROWS]. */
FLOAT_TARGET INLINE void score_tile(const float *query, const char *key, Py_ssize_t key_stride,
                                    int width, const int n_keys, float *scores)
{
    __m512 sums[KEY_TILE][VECTORS];
    clear(sums, n_keys);
    for (int i = 0; i < width; i++) {
        __m512 queries[VECTORS];
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            queries[v] = _mm512_load_ps(query + i * ROWS + v * LANES);
#pragma GCC unroll 8
        for (int k = 0; k < n_keys; k++) {
            const __m512 one = _mm512_set1_ps(((const float *)(key + k * key_stride))[i]);
#pragma GCC unroll 3
            for (int v = 0; v < VECTORS; v++)
                sums[k][v] = _mm512_fmadd_ps(one, queries[v], sums[k][v]);
        }
    }
    store_scores(scores, sums, n_keys);
}

BFLOAT_TARGET INLINE void score_tile_pairs(const uint32_t *query, const char *key,
                                           Py_ssize_t key_stride, int n_pairs, const int n_keys,
                                           float *scores)
{
    __m512 sums[KEY_TILE][VECTORS];
    clear(sums, n_keys);
    for (int i = 0; i < n_pairs; i++) {
        __m512bh queries[VECTORS];
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            queries[v] = (__m512bh)_mm512_load_si512(query + i * ROWS + v * LANES);
#pragma GCC unroll 8
        for (int k = 0; k < n_keys; k++) {
            const __m512bh one =
                (__m512bh)_mm512_set1_epi32(((const int32_t *)(key + k * key_stride))[i]);
#pragma GCC unroll 3
            for (int v = 0; v < VECTORS; v++)
                sums[k][v] = _mm512_dpbf16_ps(sums[k][v], one, queries[v]);
        }
    }
    store_scores(scores, sums, n_keys);
}

#define SCORE_KEYS(tile)                                                                          \
    do {                                                                                          \
        Py_ssize_t k = 0;                                                                         \
        for (; k + 8 <= n_keys; k += 8)                                                           \
            tile(query, key + k * key_stride, key_stride, width, 8, scores + k * ROWS);           \
        if (n_keys - k >= 4) {                                                                    \
            tile(query, key + k * key_stride, key_stride, width, 4, scores + k * ROWS);           \
            k += 4;                                                                               \
        }                                                                                         \
        for (; k < n_keys; k++)                                                                   \
            tile(query, key + k * key_stride, key_stride, width, 1, scores + k * ROWS);           \
    } while (0)

FLOAT_TARGET static void score_keys(const float *query, const char *key, Py_ssize_t key_stride,
                                    int width, Py_ssize_t n_keys, float *scores)
{
    SCORE_KEYS(score_tile);
}

BFLOAT_TARGET static void score_keys_pairs(const uint32_t *query, const char *key,
                                           Py_ssize_t key_stride, int width, Py_ssize_t n_keys,
                                           float *scores)
{
    SCORE_KEYS(score_tile_pairs);
}

/* Hide the queries of a block whose window does not reach the keys in [first, last) of the text;
   the first query stands at start, scores [last - first][ROWS]. */
FLOAT_TARGET static void hide(float *scores, Py_ssize_t first, Py_ssize_t last, Py_ssize_t start,
                              Py_ssize_t radius, const int64_t *globals, Py_ssize_t n_globals)
{
    const __m512 hidden = _mm512_set1_ps(-INFINITY);
    Py_ssize_t g = 0;
    for (Py_ssize_t key = first; key < last; key++) {
        const Py_ssize_t low = key - radius - start, high = key + radius - start;
        if (low <= 0 && high >= ROWS - 1) {
            /* Every query sees this key and all up to the first that lies too far right. */
            key = start + radius < last - 1 ? start + radius : last - 1;
            continue;
        }
        while (g < n_globals && globals[g] < key)
            g++;
        if (g < n_globals && globals[g] == key)
            continue; /* a global key is visible to every query */
        uint64_t seen = high >= ROWS - 1 ? ~0ull : high < 0 ? 0 : (1ull << (high + 1)) - 1;
        if (low > 0)
            seen = low >= ROWS ? 0 : seen & ~((1ull << low) - 1);
        float *row = scores + (key - first) * ROWS;
        for (int v = 0; v < VECTORS; v++) {
            const __mmask16 keep = (__mmask16)(seen >> (v * LANES));
            _mm512_store_ps(row + v * LANES,
                            _mm512_mask_mov_ps(hidden, keep, _mm512_load_ps(row + v * LANES)));
        }
    }
}

/* Largest score of each query: maxima [ROWS] of scores [n_keys][ROWS]. */
FLOAT_TARGET static void find_maxima(const float *scores, Py_ssize_t n_keys, float *maxima)
{
    __m512 best[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        best[v] = _mm512_load_ps(scores + v * LANES);
    for (Py_ssize_t k = 1; k < n_keys; k++)
        for (int v = 0; v < VECTORS; v++)
            best[v] = _mm512_max_ps(best[v], _mm512_load_ps(scores + k * ROWS + v * LANES));
    for (int v = 0; v < VECTORS; v++)
        _mm512_store_ps(maxima + v * LANES, best[v]);
}

FLOAT_TARGET INLINE void load_output(__m512 (*sums)[OUTPUT_COLUMNS], const float *output,
                                     const int n_rows, const int n_columns, int width)
{
#pragma GCC unroll 12
    for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < n_columns; c++)
            sums[r][c] = _mm512_load_ps(output + r * width + c * LANES);
}

FLOAT_TARGET INLINE void store_output(float *output, __m512 (*sums)[OUTPUT_COLUMNS],
                                      const int n_rows, const int n_columns, int width)
{
#pragma GCC unroll 12
    for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < n_columns; c++)
            _mm512_store_ps(output + r * width + c * LANES, sums[r][c]);
}

/* Add weights [n_keys][ROWS] x values [n_keys][16 * n_columns] to n_rows rows of output. */
FLOAT_TARGET INLINE void weigh_tile(const float *weights, const char *const *values,
                                    Py_ssize_t offset, Py_ssize_t n_keys, const int n_rows,
                                    const int n_columns, float *output, int width)
{
    __m512 sums[OUTPUT_ROWS][OUTPUT_COLUMNS];
    load_output(sums, output, n_rows, n_columns, width);
    for (Py_ssize_t k = 0; k < n_keys; k++) {
        const float *row = (const float *)(values[k] + offset);
        __m512 columns[OUTPUT_COLUMNS];
#pragma GCC unroll 4
        for (int c = 0; c < n_columns; c++)
            columns[c] = _mm512_loadu_ps(row + c * LANES);
#pragma GCC unroll 12
        for (int r = 0; r < n_rows; r++) {
            const __m512 one = _mm512_set1_ps(weights[k * ROWS + r]);
#pragma GCC unroll 4
            for (int c = 0; c < n_columns; c++)
                sums[r][c] = _mm512_fmadd_ps(one, columns[c], sums[r][c]);
        }
    }
    store_output(output, sums, n_rows, n_columns, width);
}

BFLOAT_TARGET INLINE void weigh_tile_pairs(const uint32_t *weights, const uint32_t *values,
                                           Py_ssize_t n_pairs, const int n_rows,
                                           const int n_columns, float *output, int width)
{
    __m512 sums[OUTPUT_ROWS][OUTPUT_COLUMNS];
    load_output(sums, output, n_rows, n_columns, width);
    for (Py_ssize_t k = 0; k < n_pairs; k++) {
        __m512bh columns[OUTPUT_COLUMNS];
#pragma GCC unroll 4
        for (int c = 0; c < n_columns; c++)
            columns[c] = (__m512bh)_mm512_load_si512(values + k * width + c * LANES);
#pragma GCC unroll 12
        for (int r = 0; r < n_rows; r++) {
            const __m512bh one = (__m512bh)_mm512_set1_epi32((int32_t)weights[k * ROWS + r]);
#pragma GCC unroll 4
            for (int c = 0; c < n_columns; c++)
                sums[r][c] = _mm512_dpbf16_ps(sums[r][c], one, columns[c]);
        }
    }
    store_output(output, sums, n_rows, n_columns, width);
}

/* Turn a chunk of scores into weights, add their sums, and add weights x values to the output. */
FLOAT_TARGET static void weigh_chunk(float *scores, const char *const *values, Py_ssize_t n_keys,
                                     const float *maxima, float *totals, int width, float *output)
{
    for (int v = 0; v < VECTORS; v++) {
        const __m512 most = _mm512_load_ps(maxima + v * LANES);
        __m512 total = _mm512_load_ps(totals + v * LANES);
        for (Py_ssize_t k = 0; k < n_keys; k++) {
            float *place = scores + k * ROWS + v * LANES;
            const __m512 weight = power_of_two(_mm512_sub_ps(_mm512_load_ps(place), most), 0);
            total = _mm512_add_ps(total, weight);
            _mm512_store_ps(place, weight);
        }
        _mm512_store_ps(totals + v * LANES, total);
    }
    int column = 0;
    for (; column + 4 * LANES <= width; column += 4 * LANES)
        for (int r = 0; r < ROWS; r += 6)
            weigh_tile(scores + r, values, column * sizeof(float), n_keys, 6, 4,
                       output + r * width + column, width);
    if (column + 2 * LANES <= width) {
        for (int r = 0; r < ROWS; r += 12)
            weigh_tile(scores + r, values, column * sizeof(float), n_keys, 12, 2,
                       output + r * width + column, width);
        column += 2 * LANES;
    }
    if (column < width)
        for (int r = 0; r < ROWS; r += 12)
            weigh_tile(scores + r, values, column * sizeof(float), n_keys, 12, 1,
                       output + r * width + column, width);
}

BFLOAT_TARGET static void weigh_chunk_pairs(const float *scores, const char *const *values,
                                            Py_ssize_t n_keys, const float *maxima, float *totals,
                                            int width, float *output, uint32_t *weight_pairs,
                                            uint32_t *value_pairs)
{
    const Py_ssize_t n_pairs = (n_keys + 1) / 2;
    for (int v = 0; v < VECTORS; v++) {
        const __m512 scale = _mm512_set1_ps(LOG2_E);
        const __m512 most = _mm512_load_ps(maxima + v * LANES);
        __m512 total = _mm512_load_ps(totals + v * LANES);
        for (Py_ssize_t k = 0; k < n_keys; k += 2) {
            const float *place = scores + k * ROWS + v * LANES;
            const __m512 even = power_of_two(
                _mm512_mul_ps(_mm512_sub_ps(_mm512_load_ps(place), most), scale), 1);
            __m512 odd = _mm512_setzero_ps();
            if (k + 1 < n_keys)
                odd = power_of_two(
                    _mm512_mul_ps(_mm512_sub_ps(_mm512_load_ps(place + ROWS), most), scale), 1);
            total = _mm512_add_ps(total, _mm512_add_ps(even, odd));
            const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
            const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));
            _mm512_store_si512(weight_pairs + k / 2 * ROWS + v * LANES,
                               _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
        _mm512_store_ps(totals + v * LANES, total);
    }
    for (Py_ssize_t k = 0; k < n_keys; k += 2)
        for (int column = 0; column < width; column += LANES) {
            const __m512i even = _mm512_cvtepu16_epi32(
                _mm256_loadu_si256((const __m256i *)((const uint16_t *)values[k] + column)));
            __m512i odd = _mm512_setzero_si512();
            if (k + 1 < n_keys)
                odd = _mm512_cvtepu16_epi32(_mm256_loadu_si256(
                    (const __m256i *)((const uint16_t *)values[k + 1] + column)));
            _mm512_store_si512(value_pairs + k / 2 * width + column,
                               _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
        }
    int column = 0;
    for (; column + 4 * LANES <= width; column += 4 * LANES)
        for (int r = 0; r < ROWS; r += 6)
            weigh_tile_pairs(weight_pairs + r, value_pairs + column, n_pairs, 6, 4,
                             output + r * width + column, width);
    if (column + 2 * LANES <= width) {
        for (int r = 0; r < ROWS; r += 12)
            weigh_tile_pairs(weight_pairs + r, value_pairs + column, n_pairs, 12, 2,
                             output + r * width + column, width);
        column += 2 * LANES;
    }
    if (column < width)
        for (int r = 0; r < ROWS; r += 12)
            weigh_tile_pairs(weight_pairs + r, value_pairs + column, n_pairs, 12, 1,
                             output + r * width + column, width);
}

/* Lay a block's queries along the vector: [width][ROWS], rows beyond n_rows 0. The factor makes
   scores powers of two. */
static void pack_queries(const char *query, Py_ssize_t stride, Py_ssize_t n_rows, int width,
                         float scale, float *packed)
{
    memset(packed, 0, sizeof(float) * ROWS * width);
    for (Py_ssize_t r = 0; r < n_rows; r++) {
        const float *row = (const float *)(query + r * stride);
        for (int i = 0; i < width; i++)
            packed[i * ROWS + r] = row[i] * scale;
    }
}

static void pack_query_pairs(const char *query, Py_ssize_t stride, Py_ssize_t n_rows, int width,
                             uint32_t *packed)
{
    memset(packed, 0, sizeof(uint32_t) * ROWS * width / 2);
    for (Py_ssize_t r = 0; r < n_rows; r++) {
        const uint32_t *row = (const uint32_t *)(query + r * stride);
        for (int i = 0; i < width / 2; i++)
            packed[i * ROWS + r] = row[i];
    }
}

FLOAT_TARGET static void write_rows(const float *sums, const float *totals, Py_ssize_t n_rows,
                                    int width, char *output, Py_ssize_t stride)
{
    for (Py_ssize_t r = 0; r < n_rows; r++) {
        const __m512 factor = _mm512_set1_ps(1.0f / totals[r]);
        float *row = (float *)(output + r * stride);
        for (int column = 0; column < width; column += LANES)
            _mm512_storeu_ps(row + column,
                             _mm512_mul_ps(_mm512_load_ps(sums + r * width + column), factor));
    }
}

BFLOAT_TARGET static void write_rows_bfloat(const float *sums, const float *totals,
                                            Py_ssize_t n_rows, int width, char *output,
                                            Py_ssize_t stride)
{
    for (Py_ssize_t r = 0; r < n_rows; r++) {
        const __m512 factor = _mm512_set1_ps(1.0f / totals[r]);
        uint16_t *row = (uint16_t *)(output + r * stride);
        for (int column = 0; column < width; column += LANES)
            _mm256_storeu_si256((__m256i *)(row + column),
                                (__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(
                                    _mm512_load_ps(sums + r * width + column), factor)));
    }
}

/* Attend the block of queries that begins at start in a text, for one head. */
static void attend_block(const Problem *problem, Scratch *scratch, Py_ssize_t text,
                         Py_ssize_t head, Py_ssize_t start)
{
    float maxima[ROWS] __attribute__((aligned(ALIGNMENT)));
    float totals[ROWS] __attribute__((aligned(ALIGNMENT))) = {0};
    const int width = (int)problem->width, is_bfloat = problem->is_bfloat;
    const size_t row_bytes = (size_t)width * (is_bfloat ? 2 : 4);
    const Py_ssize_t length = problem->lengths[text], radius = problem->radii[text];
    const Py_ssize_t stop = start + ROWS < length ? start + ROWS : length;
    const Py_ssize_t first = start > radius ? start - radius : 0;
    const Py_ssize_t last = length - stop > radius ? stop + radius : length;
    const Py_ssize_t key_stride = problem->key_stride[1], value_stride = problem->value_stride[1];
    const char *query = problem->query + head * problem->query_stride[0] +
                        (problem->starts[text] + start) * problem->query_stride[1];
    const char *key = problem->key + head * problem->key_stride[0] +
                      problem->starts[text] * key_stride;
    const char *value = problem->value + head * problem->value_stride[0] +
                        problem->starts[text] * value_stride;
    const Py_ssize_t globals_begin = text ? problem->global_ends[text - 1] : 0;
    const int64_t *globals = problem->global_positions + globals_begin;
    const Py_ssize_t n_globals = problem->global_ends[text] - globals_begin;

    Py_ssize_t n_keys = 0;
    for (Py_ssize_t g = 0; g < n_globals; g++)
        if (globals[g] < first || globals[g] >= last) {
            memcpy(scratch->key_rows + n_keys * row_bytes, key + globals[g] * key_stride,
                   row_bytes);
            scratch->values[n_keys++] = value + globals[g] * value_stride;
        }
    const Py_ssize_t n_outside = n_keys;
    for (Py_ssize_t k = first; k < last; k++)
        scratch->values[n_keys++] = value + k * value_stride;

    float *inside = scratch->scores + n_outside * ROWS;
    if (is_bfloat) {
        uint32_t *packed = (uint32_t *)scratch->query;
        pack_query_pairs(query, problem->query_stride[1], stop - start, width, packed);
        score_keys_pairs(packed, scratch->key_rows, row_bytes, width / 2, n_outside,
                         scratch->scores);
        score_keys_pairs(packed, key + first * key_stride, key_stride, width / 2, last - first,
                         inside);
    } else {
        pack_queries(query, problem->query_stride[1], stop - start, width,
                     problem->scale * LOG2_E, scratch->query);
        score_keys(scratch->query, scratch->key_rows, row_bytes, width, n_outside,
                   scratch->scores);
        score_keys(scratch->query, key + first * key_stride, key_stride, width, last - first,
                   inside);
    }
    hide(inside, first, last, start, radius, globals, n_globals);
    find_maxima(scratch->scores, n_keys, maxima);
    memset(scratch->output, 0, sizeof(float) * ROWS * width);
    for (Py_ssize_t k = 0; k < n_keys; k += CHUNK) {
        const Py_ssize_t n = n_keys - k < CHUNK ? n_keys - k : CHUNK;
        if (is_bfloat)
            weigh_chunk_pairs(scratch->scores + k * ROWS, scratch->values + k, n, maxima, totals,
                              width, scratch->output, scratch->weight_pairs, scratch->value_pairs);
        else
            weigh_chunk(scratch->scores + k * ROWS, scratch->values + k, n, maxima, totals, width,
                        scratch->output);
    }
    char *output = problem->output + head * problem->output_stride[0] +
                   (problem->starts[text] + start) * problem->output_stride[1];
    (is_bfloat ? write_rows_bfloat : write_rows)(scratch->output, totals, stop - start, width,
                                                 output, problem->output_stride[1]);
}

/* The blocks of queries of every text and head, one after the other. */
static Py_ssize_t n_blocks_of(const Problem *problem, Py_ssize_t text)
{
    return (problem->lengths[text] + ROWS - 1) / ROWS;
}

static void free_scratch(Scratch *scratch)
{
    free(scratch->scores);
    free(scratch->key_rows);
    free(scratch->output);
    free(scratch->query);
    free(scratch->weight_pairs);
    free(scratch->value_pairs);
    free(scratch->values);
}

static void *aligned(size_t n_bytes)
{
    return aligned_alloc(ALIGNMENT, (n_bytes / ALIGNMENT + 1) * ALIGNMENT);
}

/* 0, or -1 where there is no memory. */
static int make_scratch(Scratch *scratch, size_t n_keys, size_t n_globals, size_t width)
{
    scratch->scores = aligned(n_keys * ROWS * sizeof(float));
    scratch->key_rows = aligned(n_globals * width * sizeof(float));
    scratch->output = aligned(ROWS * width * sizeof(float));
    scratch->query = aligned(ROWS * width * sizeof(float));
    scratch->weight_pairs = aligned(CHUNK / 2 * ROWS * sizeof(uint32_t));
    scratch->value_pairs = aligned(CHUNK / 2 * width * sizeof(uint32_t));
    scratch->values = aligned(n_keys * sizeof(char *));
    return scratch->scores && scratch->key_rows && scratch->output && scratch->query &&
                   scratch->weight_pairs && scratch->value_pairs && scratch->values
               ? 0
               : -1;
}

/* Attend everything; 0, or -1 where there is no memory. */
static int attend_all(const Problem *problem)
{
    Py_ssize_t n_keys = 0, n_globals = 0, n_items = 0;
    for (Py_ssize_t text = 0; text < problem->n_texts; text++) {
        const Py_ssize_t length = problem->lengths[text], radius = problem->radii[text];
        const Py_ssize_t globals =
            problem->global_ends[text] - (text ? problem->global_ends[text - 1] : 0);
        const Py_ssize_t window = length - ROWS > 2 * radius ? 2 * radius + ROWS : length;
        n_keys = window + globals > n_keys ? window + globals : n_keys;
        n_globals = globals > n_globals ? globals : n_globals;
        n_items += n_blocks_of(problem, text) * problem->n_heads;
    }
    int failed = 0;
#pragma omp parallel num_threads(problem->n_threads) reduction(| : failed)
    {
        Scratch scratch;
        failed = make_scratch(&scratch, n_keys, n_globals, problem->width);
        Py_ssize_t text = 0, before = 0; /* items of the texts before */
        /* Each thread counts on; since OpenMP 5.0 its items rise only where monotonic is said. */
#pragma omp for schedule(monotonic : dynamic, 4)
        for (Py_ssize_t item = 0; item < n_items; item++) {
            Py_ssize_t n_blocks = n_blocks_of(problem, text);
            while (item >= before + n_blocks * problem->n_heads) {
                before += n_blocks * problem->n_heads;
                n_blocks = n_blocks_of(problem, ++text);
            }
            if (!failed)
                attend_block(problem, &scratch, text, (item - before) / n_blocks,
                             (item - before) % n_blocks * ROWS);
        }
        free_scratch(&scratch);
    }
    return failed ? -1 : 0;
}

static int supports(int is_bfloat)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           (!is_bfloat || __builtin_cpu_supports("avx512bf16"));
}

/* attend(query, key, value, output, n_heads, width, n_texts, starts, lengths, radii, global_ends,
   global_positions, scale, is_bfloat, n_threads): the first four are (address, bytes from head to
   head, bytes from token to token); starts to global_positions are addresses of int64 as in
   Problem. Nothing is checked but what the processor needs. */
static PyObject *attend(PyObject *module, PyObject *arguments)
{
    Problem problem;
    Py_ssize_t query, key, value, output, starts, lengths, radii, global_ends, global_positions;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "(nnn)(nnn)(nnn)(nnn)nnnnnnnnfii", &query,
                          &problem.query_stride[0], &problem.query_stride[1], &key,
                          &problem.key_stride[0], &problem.key_stride[1], &value,
                          &problem.value_stride[0], &problem.value_stride[1], &output,
                          &problem.output_stride[0], &problem.output_stride[1], &problem.n_heads,
                          &problem.width, &problem.n_texts, &starts, &lengths, &radii,
                          &global_ends, &global_positions, &problem.scale, &problem.is_bfloat,
                          &problem.n_threads))
        return NULL;
    problem.query = (const char *)query;
    problem.key = (const char *)key;
    problem.value = (const char *)value;
    problem.output = (char *)output;
    problem.starts = (const int64_t *)starts;
    problem.lengths = (const int64_t *)lengths;
    problem.radii = (const int64_t *)radii;
    problem.global_ends = (const int64_t *)global_ends;
    problem.global_positions = (const int64_t *)global_positions;
    if (!supports(problem.is_bfloat) || problem.width % (problem.is_bfloat ? 32 : 16)) {
        PyErr_SetString(PyExc_ValueError, "the kernel cannot serve this processor or width");
        return NULL;
    }
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = attend_all(&problem);
    Py_END_ALLOW_THREADS
    if (failed)
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}
#else
static int supports(int is_bfloat)
{
    (void)is_bfloat;
    return 0;
}

static PyObject *attend(PyObject *module, PyObject *arguments)
{
    (void)module;
    (void)arguments;
    PyErr_SetString(PyExc_ValueError, "the kernel was built without AVX-512");
    return NULL;
}
#endif

static PyObject *is_supported(PyObject *module, PyObject *argument)
{
    (void)module;
    const int is_bfloat = PyObject_IsTrue(argument);
    if (is_bfloat < 0)
        return NULL;
    return PyBool_FromLong(supports(is_bfloat));
}

static PyMethodDef methods[] = {
    {"attend", attend, METH_VARARGS, "Attend packed texts."},
    {"is_supported", is_supported, METH_O, "Whether this processor can; True for bfloat16."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "window_kernel", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_window_kernel(void)
{
    return PyModule_Create(&definition);
}
