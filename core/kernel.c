/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kernel: a register block of our own for CPUs with AVX-512
 *
 * One register of sixteen pixels is multiplied with up to sixteen outputs. The instruction broadcasts a weight from memory
 * by itself, so a step of the sum is one load of pixels and one instruction per output: nothing else competes with the
 * multiplications, and the end of one block overlaps the start of the next. On Zen 4 it runs at 97 to 100 % of the peak at
 * any depth from 9 on with 8 to 16 outputs. Blocks of 24 and 28 outputs are slower on short sums (82 % at depth 9), as two
 * of them do not fit into the renamed registers. Xeons (Emerald Rapids) run two of these instructions at a time, and 92 to 97 %
 * of the peak from a depth of 27 on, 83 % at 9; blocks of two or three registers of pixels are not faster there.
 */
#include "kernel.h"
#include "simd.h"

#ifdef __x86_64__

#define TARGET __attribute__ ((target ("avx512f,avx512vl,avx512dq,avx512bw,fma")))

/* Vectors of all lanes, as they lie in memory and as values. */
typedef float MemoryWide __attribute__ ((vector_size (JF_KERNEL_PIXELS * sizeof (float)),
                                         aligned (sizeof (float)), may_alias));
typedef float Wide     __attribute__ ((vector_size (JF_KERNEL_PIXELS * sizeof (float))));
typedef int   WideMask __attribute__ ((vector_size (JF_KERNEL_PIXELS * sizeof (int))));

/* Floats of weights to be ahead by: they come from the third-level cache, one panel right after the other. */
#define AHEAD (32 * JF_KERNEL_WEIGHTS)

/* A panel of weights with a panel of pixels, in vectors of all its lanes or of half of them. @outputs is a constant where the
 * block is called, so that the sums are registers.
 */
#define DEFINE_BLOCK(name, Vector, Memory, Mask)                                                           \
  TARGET JF_INLINE void                                                                                    \
  name (const JfProduct *job,                                                                              \
        int              outputs,                                                                          \
        const float     *weights,                                                                          \
        const float     *pixels,                                                                           \
        const float     *sums,                                                                             \
        float           *product)                                                                          \
  {                                                                                                        \
    const Vector zero = { 0 };                                                                             \
    Vector       sum[JF_KERNEL_WEIGHTS] = { 0 };                                                           \
    int          k, i;                                                                                     \
                                                                                                           \
    if (sums)                                                                                              \
      _Pragma ("GCC unroll 16")                                                                            \
      for (i = 0; i < outputs; i++)                                                                        \
        sum[i] = *(const Memory *) (sums + i * job->stride);                                               \
                                                                                                           \
    for (k = 0; k < job->depth; k++)                                                                       \
      {                                                                                                    \
        const Vector pixel = *(const Memory *) pixels;                                                     \
                                                                                                           \
        __builtin_prefetch (weights + AHEAD);                                                              \
        _Pragma ("GCC unroll 16")                                                                          \
        for (i = 0; i < outputs; i++)                                                                      \
          sum[i] += weights[i] * pixel;                                                                    \
        weights += outputs;                                                                                \
        pixels  += JF_KERNEL_PIXELS;                                                                       \
      }                                                                                                    \
                                                                                                           \
    _Pragma ("GCC unroll 16")                                                                              \
    for (i = 0; i < outputs; i++)                                                                          \
      {                                                                                                    \
        Vector v = sum[i];                                                                                 \
                                                                                                           \
        if (job->bias)                                                                                     \
          v += job->bias[i];                                                                               \
        if (job->bias && job->relu)                                                                        \
          v = (Vector) ((Mask) v & (v > zero));                                                            \
        *(Memory *) (product + i * job->stride) = v;                                                       \
      }                                                                                                    \
  }

DEFINE_BLOCK (multiply_block, Wide, MemoryWide, WideMask)
DEFINE_BLOCK (multiply_half_block, JfVector, JfMemoryVector, JfVectorMask)

#define CASE(block, n)                                                                                     \
  case n:                                                                                                  \
    for (i = 0; i <= job->repeats; i++)                                                                    \
      block (job, n, job->weights + i * size, job->pixels + i * job->pixels_step,                          \
             job->sum ? job->sum + i * job->sum_step : NULL, job->product + i * job->product_step);        \
    break;

#define DEFINE_PANEL(name, block)                                                                          \
  TARGET static void                                                                                       \
  name (const JfProduct *job)                                                                              \
  {                                                                                                        \
    const gsize size = (gsize) job->outputs * job->depth;                                                  \
    int         i;                                                                                         \
                                                                                                           \
    switch (job->outputs)                                                                                  \
      {                                                                                                    \
      CASE (block, 1)  CASE (block, 2)  CASE (block, 3)  CASE (block, 4)                                   \
      CASE (block, 5)  CASE (block, 6)  CASE (block, 7)  CASE (block, 8)                                   \
      CASE (block, 9)  CASE (block, 10) CASE (block, 11) CASE (block, 12)                                  \
      CASE (block, 13) CASE (block, 14) CASE (block, 15) CASE (block, 16)                                  \
      }                                                                                                    \
  }

DEFINE_PANEL (multiply_panel, multiply_block)
DEFINE_PANEL (multiply_half_panel, multiply_half_block)

/*  public functions  */

/**
 * jf_kernel_is_available:
 *
 * Returns: whether this CPU can run jf_kernel_multiply()
 */
gboolean
jf_kernel_is_available (void)
{
  return __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512vl") &&
         __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512bw") &&
         __builtin_cpu_supports ("fma");
}

/**
 * jf_kernel_multiply:
 * @job: products of up to JF_KERNEL_WEIGHTS outputs, weights as panels [depth][outputs], pixels [depth][JF_KERNEL_PIXELS]
 *
 * Multiplies.
 */
void
jf_kernel_multiply (const JfProduct *job)
{
  if (job->lanes > JF_LANES)
    multiply_panel (job);
  else
    multiply_half_panel (job);
}

#else

gboolean
jf_kernel_is_available (void)
{
  return FALSE;
}

void
jf_kernel_multiply (const JfProduct *job G_GNUC_UNUSED)
{
  g_return_if_reached ();
}

#endif
