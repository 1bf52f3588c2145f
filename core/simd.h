/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * simd: portable vectors and run-time dispatch
 */
#pragma once

#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include <glib.h>

/* Eight float lanes: one AVX2 register, half an AVX-512 one, two of SSE2 or NEON. The compiler splits
 * it where the machine has less, so one source serves every CPU. What is compiled for some CPUs alone asks for theirs.
 */
#ifndef JF_LANES
#define JF_LANES 8
#endif

typedef float JfVector __attribute__ ((vector_size (JF_LANES * sizeof (float))));

/* The same anywhere in memory. */
typedef float JfMemoryVector __attribute__ ((vector_size (JF_LANES * sizeof (float)),
                                             aligned (sizeof (float)), may_alias));

typedef int JfVectorMask __attribute__ ((vector_size (JF_LANES * sizeof (int))));

/* A function that is compiled once per level of vector instructions; the loader picks the best that
 * the CPU can run (GCC manual, "Function Multiversioning"). Needs a C library with IFUNC, whose choice would come before
 * ThreadSanitizer is ready.
 */
#if defined (__x86_64__) && defined (__gnu_linux__) && ! defined (__clang__) && ! defined (__SANITIZE_THREAD__)
#define JF_DISPATCH __attribute__ ((target_clones ("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define JF_DISPATCH
#endif

#define JF_INLINE static inline __attribute__ ((always_inline))

/* A cache line. */
#define JF_LINE_FLOATS 16
#define JF_LINE_BYTES  (JF_LINE_FLOATS * sizeof (float))

/* Up to whole cache lines. */
JF_INLINE gsize
jf_round_to_lines (gsize floats)
{
  return (floats + JF_LINE_FLOATS - 1) / JF_LINE_FLOATS * JF_LINE_FLOATS;
}

/* The same, and an odd number of them: many matrices or rows after each other would otherwise fight for the same cache sets. */
JF_INLINE gsize
jf_round_to_odd_lines (gsize floats)
{
  return jf_round_to_lines (floats) | JF_LINE_FLOATS;
}

/* Whether this CPU has AVX2, which is always used with FMA. */
JF_INLINE gboolean
jf_cpu_has_avx2 (void)
{
#ifdef __x86_64__
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
#else
  return FALSE;
#endif
}

/* What follows computes its addresses from the pointer @p anew. Without it the compiler computes those of an unrolled loop in
 * advance, far more than there are registers, and keeps them on the stack.
 */
#define JF_REBASE(p) __asm__ ("" : "+r" (p))

JF_INLINE JfVector
jf_vector_load (const float *p)
{
  return *(const JfMemoryVector *) p;
}

JF_INLINE void
jf_vector_store (float    *p,
                 JfVector  v)
{
  *(JfMemoryVector *) p = v;
}

/* NaN is not positive. */
JF_INLINE JfVector
jf_vector_positive (JfVector v)
{
  const JfVector zero = { 0 };

#if JF_LANES == 16 && defined (__AVX512F__)
  return (JfVector) _mm512_max_ps ((__m512) v, (__m512) zero);
#else
  return (JfVector) ((JfVectorMask) v & (v > zero));
#endif
}

/* All lanes of @v one to the right, and @first. */
JF_INLINE JfVector
jf_vector_shift_in (float    first,
                    JfVector v)
{
  const JfVector all = first + (JfVector) { 0 };

#if JF_LANES == 16
  return __builtin_shufflevector (all, v, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
#elif JF_LANES == 4
  return __builtin_shufflevector (all, v, 3, 4, 5, 6);
#else
  return __builtin_shufflevector (all, v, 7, 8, 9, 10, 11, 12, 13, 14);
#endif
}
