#pragma once
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

/// Register states that the operating system saves (XCR0). The vendor's intrinsic cannot be called from code that is
/// compiled for the baseline.
static inline unsigned int emotionformer_extended_control_register(void) {
    unsigned int low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

// Vendor intrinsics that are macros, because an operand must be a constant; Swift imports functions only.

#define EMOTIONFORMER_AVX512 static inline __attribute__((always_inline, target("avx512f,avx512dq,avx512bw,avx512vl")))
#define EMOTIONFORMER_AVX2 static inline __attribute__((always_inline, target("avx2,fma")))

/// a < b ? x : y
EMOTIONFORMER_AVX512 __m512 emotionformer_where_less_16(__m512 a, __m512 b, __m512 x, __m512 y) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}

/// a < b ? x : y
EMOTIONFORMER_AVX2 __m256 emotionformer_where_less_8(__m256 a, __m256 b, __m256 x, __m256 y) {
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

/// y < least ? 0 : x·2^⌊n⌋; NaN stays.
EMOTIONFORMER_AVX512 __m512 emotionformer_scale_from_16(__m512 x, __m512 n, __m512 y, __m512 least) {
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(y, least, _CMP_NLT_UQ), x, n);
}

/// NaN where y or z is NaN, x elsewhere.
EMOTIONFORMER_AVX512 __m512 emotionformer_nan_where_nan_16(__m512 x, __m512 y, __m512 z) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(y, z, _CMP_UNORD_Q), x, _mm512_set1_ps(__builtin_nanf("")));
}

/// NaN where y or z is NaN, x elsewhere.
EMOTIONFORMER_AVX2 __m256 emotionformer_nan_where_nan_8(__m256 x, __m256 y, __m256 z) {
    return _mm256_or_ps(x, _mm256_cmp_ps(y, z, _CMP_UNORD_Q));
}

/// The nearest integer, ties to even.
EMOTIONFORMER_AVX512 __m512 emotionformer_round_16(__m512 a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// The nearest integer, ties to even.
EMOTIONFORMER_AVX2 __m256 emotionformer_round_8(__m256 a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// The upper four lanes below, the lower four above.
EMOTIONFORMER_AVX2 __m256 emotionformer_swap_halves_8(__m256 a) { return _mm256_permute2f128_ps(a, a, 1); }

/// The upper four lanes.
EMOTIONFORMER_AVX2 __m128i emotionformer_upper_half_8(__m256i a) { return _mm256_extracti128_si256(a, 1); }

/// The odd lanes in the place of the even ones. The compiler must not know that: it would no longer see that a product of
/// such lanes is one instruction.
EMOTIONFORMER_AVX2 __m256i emotionformer_odd_8(__m256i a) {
    a = _mm256_shuffle_epi32(a, 0xF5);
    __asm__("" : "+x"(a));
    return a;
}

/// The even lanes of a, the odd ones of b.
EMOTIONFORMER_AVX2 __m256i emotionformer_even_and_odd_8(__m256i a, __m256i b) { return _mm256_blend_epi32(a, b, 0xAA); }

/// c + Σ a·b over each lane's two products of 16-bit integers. The compiler must not know the sum: it would add
/// the products of several rounds first, and has no registers for them.
EMOTIONFORMER_AVX2 __m256i emotionformer_add_pair_products_8(__m256i a, __m256i b, __m256i c) {
    c = _mm256_add_epi32(c, _mm256_madd_epi16(a, b));
    __asm__("" : "+x"(c));
    return c;
}

/// c + Σ a·b over each 16-bit lane's two products of bytes, those of a without a sign. The compiler must not know the sum.
EMOTIONFORMER_AVX2 __m256i emotionformer_add_byte_products_8(__m256i a, __m256i b, __m256i c) {
    c = _mm256_add_epi16(c, _mm256_maddubs_epi16(a, b));
    __asm__("" : "+x"(c));
    return c;
}

/// sum + the float whose place in the table is the lowest byte of `places`, which is then shifted out. In assembly, because
/// a compiler that sees several such sums gathers floats and places into vectors, which takes longer than one by one.
EMOTIONFORMER_AVX2 float emotionformer_add_next(float sum, const float *table, unsigned long long *places) {
    unsigned long long place;
    __asm__("movzbl %b2, %k1\n\tvaddss (%3,%1,4), %0, %0\n\tshrq $8, %2"
            : "+x"(sum), "=&r"(place), "+r"(*places)
            : "r"(table), "m"(*(const float(*)[256])table)
            : "cc");
    return sum;
}

/// a·x + c, the float at `a` in every lane. In assembly, because a compiler that sees the same float multiplied twice
/// loads it into a register first: an instruction more.
EMOTIONFORMER_AVX512 __m512 emotionformer_multiply_add_at_16(const float *a, __m512 x, __m512 c) {
    __asm__("vfmadd231ps %1%{1to16%}, %2, %0" : "+v"(c) : "m"(*a), "v"(x));
    return c;
}

/// The same address, of which the compiler knows nothing: it cannot be counted from another one.
static inline __attribute__((always_inline)) const void *emotionformer_opaque(const void *address) {
    __asm__("" : "+r"(address));
    return address;
}

/// Brings the cache line of an address, which need not exist, into the first-level cache.
static inline __attribute__((always_inline)) void emotionformer_prefetch(const void *address) {
    __builtin_prefetch(address, 0, 3);
}

/// Brings it into the second-level cache.
static inline __attribute__((always_inline)) void emotionformer_prefetch_far(const void *address) {
    __builtin_prefetch(address, 0, 2);
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

#if defined(__linux__)
unsigned long getauxval(unsigned long);

/// AT_HWCAP: what the system says of the processor, a bit for each capability.
static inline unsigned long emotionformer_hardware_capabilities(void) { return getauxval(16); }
#endif

#define EMOTIONFORMER_NEON static inline __attribute__((always_inline))

/// The same address, of which the compiler knows nothing but that it comes after these vectors: what is loaded from it
/// is not loaded before them, and does not take registers meanwhile.
EMOTIONFORMER_NEON const void *emotionformer_after(
    const void *address, float32x4_t a, float32x4_t b, float32x4_t c, float32x4_t d) {
    __asm__("" : "+r"(address) : "w"(a), "w"(b), "w"(c), "w"(d));
    return address;
}

/// Brings the cache line of an address, which need not exist, into the first-level cache.
EMOTIONFORMER_NEON void emotionformer_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

// For each lane of a vector, which an instruction has as a constant:
//
// c + four products of bytes with the lane's four, of each of four columns. In assembly, so that the rest of a program
// need not be compiled for processors that have this instruction.
//
// c + products of the lower or upper four numbers of `w` with the lane.
#define EMOTIONFORMER_DOT_LANE(lane) \
    EMOTIONFORMER_NEON int32x4_t emotionformer_dot_##lane(int32x4_t c, int8x16_t w, int8x16_t a) { \
        __asm__(".arch_extension dotprod\n\tsdot %0.4s, %1.16b, %2.4b[" #lane "]" : "+w"(c) : "w"(w), "w"(a)); \
        return c; \
    }
#define EMOTIONFORMER_LONG_LANE(lane) \
    EMOTIONFORMER_NEON int32x4_t emotionformer_add_low_##lane(int32x4_t c, int16x8_t w, int16x8_t a) { \
        return vmlal_laneq_s16(c, vget_low_s16(w), a, lane); \
    } \
    EMOTIONFORMER_NEON int32x4_t emotionformer_add_high_##lane(int32x4_t c, int16x8_t w, int16x8_t a) { \
        return vmlal_high_laneq_s16(c, w, a, lane); \
    }
EMOTIONFORMER_DOT_LANE(0)
EMOTIONFORMER_DOT_LANE(1)
EMOTIONFORMER_DOT_LANE(2)
EMOTIONFORMER_DOT_LANE(3)
EMOTIONFORMER_LONG_LANE(0)
EMOTIONFORMER_LONG_LANE(1)
EMOTIONFORMER_LONG_LANE(2)
EMOTIONFORMER_LONG_LANE(3)
EMOTIONFORMER_LONG_LANE(4)
EMOTIONFORMER_LONG_LANE(5)
EMOTIONFORMER_LONG_LANE(6)
EMOTIONFORMER_LONG_LANE(7)
#endif
