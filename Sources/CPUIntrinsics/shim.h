#pragma once
#include <cpuid.h>
#include <immintrin.h>
