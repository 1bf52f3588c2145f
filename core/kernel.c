/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kernel: a register block of our own for CPUs with AVX-512
 *
 * One register of sixteen pixels is multiplied with up to sixteen outputs. The instruction broadcasts a weight from memory
 * by itself, so a step of the sum is one load of pixels and one instruction per output: nothing else competes with the
 * multiplications, and the end of one block overlaps the start of the next. On Zen 4 it runs at 97 to 100 % of the peak at
 * any depth from 9 on with 8 to 16 outputs. Blocks of 24 and 28 outputs are slower on short sums (82 % at depth 9), as two
 * of them do not fit into the renamed registers. Xeons (Emerald Rapids) run two of these instructions at a time, and 94 to 99 %
 * of the peak from a depth of 27 on, 86 % at 9; blocks of two or three registers of pixels are not faster there.
 */
#include "kernel.h"
#include "simd.h"

#ifdef __x86_64__

#include <immintrin.h>

#define TARGET __attribute__ ((target ("avx512f,avx512vl,avx512dq,avx512bw,fma")))

/* Vectors of all lanes, as they lie in memory and as values. */
typedef float MemoryWide __attribute__ ((vector_size (JF_KERNEL_PIXELS * sizeof (float)),
                                         aligned (sizeof (float)), may_alias));
typedef float Wide     __attribute__ ((vector_size (JF_KERNEL_PIXELS * sizeof (float))));

/* Floats of weights to be ahead by: they come from the third-level cache, one panel right after the other. */
#define AHEAD (32 * JF_KERNEL_WEIGHTS)

/* Outputs of two panels at a time: their sums have to be registers. */
#define MAX_PAIR 12

/* NaN is not positive. */
#define POSITIVE(v)      ((Wide) _mm512_max_ps ((__m512) (v), _mm512_setzero_ps ()))
#define POSITIVE_HALF(v) ((JfVector) _mm256_max_ps ((__m256) (v), _mm256_setzero_ps ()))

/* A panel of weights with a panel of pixels, in vectors of all its lanes or of half of them. @outputs is a constant where the
 * block is called, so that the sums are registers. Everything else is passed by value: what is asked of the job after a store
 * would be loaded again for every output, which short sums pay for.
 */
#define DEFINE_BLOCK(name, Vector, Memory, positive)                                                       \
  TARGET JF_INLINE void                                                                                    \
  name (int          outputs,                                                                              \
        int          depth,                                                                                \
        const float *weights,                                                                              \
        const float *pixels,                                                                               \
        const float *sums,                                                                                 \
        const float *bias,                                                                                 \
        gboolean     relu,                                                                                 \
        float       *product,                                                                              \
        gsize        stride)                                                                               \
  {                                                                                                        \
    Vector sum[JF_KERNEL_WEIGHTS] = { 0 };                                                                 \
    int    k, i;                                                                                           \
                                                                                                           \
    if (bias)                                                                                              \
      _Pragma ("GCC unroll 16")                                                                            \
      for (i = 0; i < outputs; i++)                                                                        \
        sum[i] = bias[i] - (Vector) { 0 };                                                                 \
                                                                                                           \
    if (sums)                                                                                              \
      _Pragma ("GCC unroll 16")                                                                            \
      for (i = 0; i < outputs; i++, sums += stride)                                                        \
        sum[i] += *(const Memory *) sums;                                                                  \
                                                                                                           \
    for (k = 0; k < depth; k++)                                                                            \
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
    if (relu)                                                                                              \
      _Pragma ("GCC unroll 16")                                                                            \
      for (i = 0; i < outputs; i++)                                                                        \
        sum[i] = positive (sum[i]);                                                                        \
                                                                                                           \
    _Pragma ("GCC unroll 16")                                                                              \
    for (i = 0; i < outputs; i++, product += stride)                                                       \
      *(Memory *) product = sum[i];                                                                        \
  }

DEFINE_BLOCK (multiply_block, Wide, MemoryWide, POSITIVE)
DEFINE_BLOCK (multiply_half_block, JfVector, JfMemoryVector, POSITIVE_HALF)

/* Two panels of pixels with the same few weights: sums enough to keep all units busy, for half the loads. */
TARGET JF_INLINE void
multiply_pair (const JfProduct *job,
               int              outputs)
{
  const gsize  pixels_step  = job->pixels_step;
  const gsize  product_step = job->product_step;
  const gsize  stride       = job->stride;
  const int    depth        = job->depth;
  const float *weights      = job->weights;
  const float *pixels       = job->pixels;
  float       *product      = job->product;
  Wide         sum[2][MAX_PAIR] = { 0 };
  int          k, i;

  for (k = 0; k < depth; k++)
    {
      const Wide left  = *(const MemoryWide *) pixels;
      const Wide right = *(const MemoryWide *) (pixels + pixels_step);

#pragma GCC unroll 16
      for (i = 0; i < outputs; i++)
        {
          sum[0][i] += weights[i] * left;
          sum[1][i] += weights[i] * right;
        }
      weights += outputs;
      pixels  += JF_KERNEL_PIXELS;
    }

#pragma GCC unroll 16
  for (i = 0; i < outputs; i++, product += stride)
    {
      *(MemoryWide *) product                  = sum[0][i];
      *(MemoryWide *) (product + product_step) = sum[1][i];
    }
}

/* As many products as are asked for, of whole panels of weights, which are nothing but products. */
#define REPEAT(block, n)                                                                                   \
  const int    depth        = job->depth;                                                                  \
  const int    outputs      = job->outputs;                                                                \
  const gsize  stride       = job->stride;                                                                 \
  const gsize  weights_step = job->same_weights ? 0 : outputs * (gsize) depth;                             \
  const gsize  pixels_step  = job->pixels_step;                                                            \
  const gsize  product_step = job->product_step;                                                           \
  const float *weights      = job->weights;                                                                \
  const float *pixels       = job->pixels;                                                                 \
  float       *product      = job->product;                                                                \
  int          i, o;                                                                                       \
                                                                                                           \
  for (i = job->repeats; i >= 0; i--)                                                                      \
    {                                                                                                      \
      for (o = 0; o < outputs; o += n)                                                                     \
        block (n, depth, weights + o * (gsize) depth, pixels, NULL, NULL, FALSE,                           \
               product + o * stride, stride);                                                              \
      weights += weights_step;                                                                             \
      pixels  += pixels_step;                                                                              \
      product += product_step;                                                                             \
    }

/* Products of any number of outputs, as far as they are whole panels of n. */
#define MULTIPLY(block, n)                                                                                 \
  const int      depth        = job->depth;                                                                \
  const gsize    stride       = job->stride;                                                               \
  const gboolean relu         = job->bias && job->relu;                                                    \
  const gsize    weights_step = job->same_weights ? 0 : job->outputs * (gsize) depth;                      \
  int            i;                                                                                        \
                                                                                                           \
  for (i = 0; i <= job->repeats; i++)                                                                      \
    {                                                                                                      \
      const float *weights = job->weights + i * weights_step;                                              \
      const float *pixels  = job->pixels + i * job->pixels_step;                                           \
      float       *product = job->product + i * job->product_step;                                         \
      const float *sums    = job->sum;                                                                     \
      const float *bias    = job->bias;                                                                    \
      int          rest;                                                                                   \
                                                                                                           \
      for (rest = job->outputs; rest >= n; rest -= n)                                                      \
        {                                                                                                  \
          block (n, depth, weights, pixels, sums, bias, relu, product, stride);                            \
          weights += n * (gsize) depth;                                                                    \
          product += n * stride;                                                                           \
          sums     = sums ? sums + n * stride : NULL;                                                      \
          bias     = bias ? bias + n : NULL;                                                               \
        }                                                                                                  \
    }

/* Products of panels of a number of outputs, and many short ones that are nothing but products. */
#define DEFINE_PANEL(n)                                                                                    \
  TARGET static void                                                                                       \
  multiply_##n (const JfProduct *job)                                                                      \
  {                                                                                                        \
    MULTIPLY (multiply_block, n)                                                                           \
  }                                                                                                        \
                                                                                                           \
  TARGET static void                                                                                       \
  multiply_half_##n (const JfProduct *job)                                                                 \
  {                                                                                                        \
    MULTIPLY (multiply_half_block, n)                                                                      \
  }                                                                                                        \
                                                                                                           \
  TARGET static void                                                                                       \
  repeat_##n (const JfProduct *job)                                                                        \
  {                                                                                                        \
    REPEAT (multiply_block, n)                                                                             \
  }                                                                                                        \
                                                                                                           \
  TARGET static void                                                                                       \
  repeat_half_##n (const JfProduct *job)                                                                   \
  {                                                                                                        \
    REPEAT (multiply_half_block, n)                                                                        \
  }

DEFINE_PANEL (1)  DEFINE_PANEL (2)  DEFINE_PANEL (3)  DEFINE_PANEL (4)
DEFINE_PANEL (5)  DEFINE_PANEL (6)  DEFINE_PANEL (7)  DEFINE_PANEL (8)
DEFINE_PANEL (9)  DEFINE_PANEL (10) DEFINE_PANEL (11) DEFINE_PANEL (12)
DEFINE_PANEL (13) DEFINE_PANEL (14) DEFINE_PANEL (15) DEFINE_PANEL (16)

#define DEFINE_PAIR(n)                                                                                     \
  TARGET static void                                                                                       \
  pair_##n (const JfProduct *job)                                                                          \
  {                                                                                                        \
    multiply_pair (job, n);                                                                                \
  }

DEFINE_PAIR (1)  DEFINE_PAIR (2)  DEFINE_PAIR (3)  DEFINE_PAIR (4)
DEFINE_PAIR (5)  DEFINE_PAIR (6)  DEFINE_PAIR (7)  DEFINE_PAIR (8)
DEFINE_PAIR (9)  DEFINE_PAIR (10) DEFINE_PAIR (11) DEFINE_PAIR (12)

typedef void (* Panel) (const JfProduct *job);

/* By outputs. */
#define TABLE(name)                                                                                        \
  { NULL,      name##1,  name##2,  name##3,  name##4,  name##5,  name##6,  name##7,  name##8,              \
    name##9,   name##10, name##11, name##12, name##13, name##14, name##15, name##16 }

static const Panel panels[2][2][JF_KERNEL_WEIGHTS + 1] =
{
  { TABLE (multiply_half_), TABLE (multiply_) },
  { TABLE (repeat_half_),   TABLE (repeat_)   }
};

static const Panel pairs[MAX_PAIR + 1] =
{
  NULL, pair_1, pair_2, pair_3, pair_4, pair_5, pair_6, pair_7, pair_8, pair_9, pair_10, pair_11, pair_12
};

static gboolean
is_pair (const JfProduct *job)
{
  return job->same_weights && job->repeats == 1 && ! job->bias && job->outputs <= MAX_PAIR && job->lanes > JF_LANES;
}

/* What is left of @job's outputs after whole panels. */
static void
multiply_rest (const JfProduct *job,
               int              rest)
{
  JfProduct last = *job;
  int       done = job->outputs - rest;

  last.outputs  = rest;
  last.weights += (gsize) done * job->depth;
  last.product += done * job->stride;
  if (job->sum)
    last.sum += done * job->stride;
  if (job->bias)
    last.bias += done;
  panels[FALSE][job->lanes > JF_LANES][rest] (&last);
}

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
 * @job:   products, weights as panels [depth][outputs], pixels [depth][JF_KERNEL_PIXELS]
 * @panel: the outputs of a panel of weights, up to JF_KERNEL_WEIGHTS; the last one may have less. Products that are repeated
 *   with other weights are one panel
 *
 * Multiplies.
 */
void
jf_kernel_multiply (const JfProduct *job,
                    int              panel)
{
  gboolean is_short = job->repeats > 0 && ! job->bias && job->outputs % panel == 0;
  int      rest     = job->outputs % panel;

  if (is_pair (job))
    {
      pairs[job->outputs] (job);
      return;
    }

  panels[is_short][job->lanes > JF_LANES][panel] (job);
  if (rest > 0)
    multiply_rest (job, rest);
}

#else

gboolean
jf_kernel_is_available (void)
{
  return FALSE;
}

void
jf_kernel_multiply (const JfProduct *job   G_GNUC_UNUSED,
                    int              panel G_GNUC_UNUSED)
{
  g_return_if_reached ();
}

#endif
