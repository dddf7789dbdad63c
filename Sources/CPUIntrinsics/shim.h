#pragma once
#include <cpuid.h>
#include <immintrin.h>

/// Register states that the operating system saves (XCR0). The vendor's intrinsic cannot be called from code that is
/// compiled for the baseline.
static inline unsigned int emotionformer_extended_control_register(void) {
    unsigned int low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}
