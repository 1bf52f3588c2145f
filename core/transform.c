/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transform: tiles to products and back, by vectors
 *
 * This file is compiled for vectors of four tiles, which every CPU has, for those of eight with AVX2, and for those of sixteen with
 * AVX-512. They have to be a machine's own: the compiler splits larger ones by way of memory, which takes five times as long.
 */
#include "feature.h"
#include "simd.h"
#include "transform.h"
#include "winograd.h"

#if JF_LANES == 16
#define jf_transforms jf_transforms_16
#elif JF_LANES == 8
#define jf_transforms jf_transforms_8
#else
#define jf_transforms jf_transforms_4
#endif

#define SIDE      JF_WINOGRAD_SIDE
#define HALF_TILE (JF_TILE / 2)

/*  private functions  */

/* B': eight values to eight. */
JF_INLINE void
transform_input (const JfVector *d,
                 JfVector       *t)
{
  JfVector even, odd;

  t[0] = d[0] - d[6] + 5.25f * (d[4] - d[2]);
  t[7] = d[7] - d[1] + 5.25f * (d[3] - d[5]);

  even = d[2] + d[6] - 4.25f * d[4];
  odd  = d[1] + d[5] - 4.25f * d[3];
  t[1] = even + odd;
  t[2] = even - odd;

  even = d[6] + 0.25f * d[2] - 1.25f * d[4];
  odd  = d[1] - 5.0f * d[3] + 4.0f * d[5];
  t[3] = even + 0.5f * odd;
  t[4] = even - 0.5f * odd;

  even = d[6] + 4.0f * d[2] - 5.0f * d[4];
  odd  = 4.0f * d[1] - 5.0f * d[3] + d[5];
  t[5] = even + 0.5f * odd;
  t[6] = even - 0.5f * odd;
}

/* A': eight values to six. */
JF_INLINE void
transform_output (const JfVector *m,
                  JfVector       *y)
{
  JfVector sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  JfVector sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  JfVector sum3 = m[5] + m[6], difference3 = m[5] - m[6];

  y[0] = m[0] + sum1 + sum2 + 32.0f * sum3;
  y[1] = difference1 + 2.0f * difference2 + 16.0f * difference3;
  y[2] = sum1 + 4.0f * sum2 + 8.0f * sum3;
  y[3] = difference1 + 8.0f * difference2 + 4.0f * difference3;
  y[4] = sum1 + 16.0f * sum2 + 2.0f * sum3;
  y[5] = difference1 + 32.0f * difference2 + difference3 + m[7];
}

/* The coefficients of a product of polynomials from its values (see jf_winograd_evaluate_taps()), for kernels of 5 columns. */
JF_INLINE void
interpolate_seven (const JfVector *value,
                   JfVector       *c)
{
  JfVector even, even2, odd, odd2, half;

  c[0] = value[0];
  c[6] = value[1];

  even  = value[2] + value[3] - c[0] - c[6];
  even2 = 0.25f * (value[5] + value[6] - c[0]) - 16.0f * c[6];
  c[4]  = (even2 - even) * (1.0f / 3.0f);
  c[2]  = even - c[4];

  odd  = value[2] - value[3];
  odd2 = 0.5f * (value[5] - value[6]);
  half = value[4] - 32.0f * c[0] - 8.0f * c[2] - 2.0f * c[4] - 0.5f * c[6];
  half = (half - odd) * (1.0f / 3.0f);
  odd2 = (odd2 - odd) * (1.0f / 3.0f);
  c[3] = (5.0f * odd - half - odd2) * (1.0f / 3.0f);
  c[1] = (half - c[3]) * 0.2f;
  c[5] = (odd2 - c[3]) * 0.2f;
}

/* The same for kernels of 3 columns. */
JF_INLINE void
interpolate_five (const JfVector *value,
                  JfVector       *c)
{
  JfVector odd = value[2] - value[3];

  c[0] = value[0];
  c[4] = value[1];
  c[2] = value[2] + value[3] - c[0] - c[4];
  c[1] = (value[4] - 8.0f * c[0] - 2.0f * c[2] - 0.5f * c[4] - odd) * (1.0f / 3.0f);
  c[3] = odd - c[1];
}

/* Tiles of a channel: column j of their windows is @offset[j] from where a row begins. Of the first @n_left columns the first
 * lane is in @left, unless this is NULL, as a constant where it is called.
 */
JF_INLINE void
transform_inputs (const float *const *rows,
                  const gssize       *offset,
                  gsize               next_channel,
                  int                 vectors,
                  int                 first_line,
                  const float *const *left,
                  gsize               left_stride,
                  int                 n_left,
                  float              *transformed,
                  gsize               product_stride)
{
  int v, i, j;

  for (v = 0; v < vectors * JF_LANES; v += JF_LANES)
    {
      float    *to = transformed + v;
      JfVector  half[SIDE][SIDE];

      for (j = 0; j < SIDE; j++)
        {
          gboolean begins = left && v == 0 && j < n_left;     /* the lane before the first one lies elsewhere */
          JfVector d[SIDE], t[SIDE];

          for (i = 0; i < SIDE; i++)
            {
              const float *from = rows[i] + offset[j] + v + (begins ? 1 : 0);

              d[i] = jf_vector_load (from);
              if (next_channel > 0 && v == 0 && j >= first_line && j < first_line + JF_TILE)
                __builtin_prefetch (from + next_channel);
            }
          if (begins)
            for (i = 0; i < SIDE; i++)
              d[i] = jf_vector_shift_in (left[i][j * left_stride], d[i]);

          transform_input (d, t);
          for (i = 0; i < SIDE; i++)
            half[i][j] = t[i];
        }

#pragma GCC unroll 8
      for (i = 0; i < SIDE; i++, to += SIDE * product_stride)
        {
          JfVector t[SIDE];

          transform_input (half[i], t);
          JF_REBASE (to);
          for (j = 0; j < SIDE; j++)
            jf_vector_store (to + j * product_stride, t[j]);
        }
    }
}

/* Where the columns of a window are that starts at @column, from where a row begins. Those of the tile before are one lane
 * further to the left.
 */
JF_INLINE void
find_columns (gssize *offset,
              gssize  phase_stride,
              int     column)
{
  int    phase = (column + JF_TILE) % JF_TILE;
  gssize lane  = (column + JF_TILE) / JF_TILE - 1;
  gssize at    = phase * phase_stride;
  int    j;

#pragma GCC unroll 8
  for (j = 0; j < SIDE; j++)
    {
      offset[j] = at + lane;
      at       += phase_stride;
      if (++phase == JF_TILE)
        {
          phase = 0;
          at    = 0;
          lane++;
        }
    }
}

/* See jf_winograd_transform_input(). */
static void
input (const float *const *rows,
       gsize               phase_stride,
       gsize               channel_stride,
       int                 channels,
       int                 vectors,
       int                 column,
       const float *const *left,
       gsize               left_stride,
       float              *transformed,
       gsize               transformed_stride,
       gsize               product_stride)
{
  int          n_left  = left ? -column : 0;
  int          aligned = column < 0 ? SIDE - JF_TILE : 0;     /* the columns that begin whole lines */
  gssize       offset[SIDE];
  const float *at[SIDE];
  int          c, i;

  find_columns (offset, (gssize) phase_stride, column);

  for (c = 0; c < channels; c++, transformed += transformed_stride)
    {
      const float *beside[SIDE];

      for (i = 0; i < SIDE; i++)
        {
          at[i]     = rows[i] + c * channel_stride;
          beside[i] = left ? left[i] + c : NULL;
        }
      if (left)
        transform_inputs (at, offset, channel_stride, vectors, aligned, beside, left_stride, n_left,
                          transformed, product_stride);
      else
        transform_inputs (at, offset, channel_stride, vectors, aligned, NULL, 0, 0, transformed, product_stride);
    }
}

/* @addend and @relu are constants where this is called. */
JF_INLINE void
transform_outputs (const float  *products,
                   gsize         product_stride,
                   gsize         output_stride,
                   int           outputs,
                   int           vectors,
                   const float  *bias,
                   const float  *addend,
                   gsize         addend_stride,
                   gboolean      relu,
                   float *const *rows,
                   gsize         phase_stride,
                   gsize         channel_stride)
{
  int o, v, i, j;

  for (o = 0; o < outputs; o++)
    for (v = 0; v < vectors * JF_LANES; v += JF_LANES)
      {
        const float *from   = products + o * output_stride + v;
        gboolean     is_far = v == 0 && channel_stride > output_stride;    /* panels of pixels are near */
        JfVector     half[JF_TILE][SIDE];

#pragma GCC unroll 8
        for (j = 0; j < SIDE; j++, from += product_stride)
          {
            JfVector m[SIDE], y[JF_TILE];

            JF_REBASE (from);
            for (i = 0; i < SIDE; i++)
              m[i] = jf_vector_load (from + i * SIDE * product_stride);
            transform_output (m, y);
            for (i = 0; i < JF_TILE; i++)
              half[i][j] = y[i];
          }

#pragma GCC unroll 6
        for (i = 0; i < JF_TILE; i++)
          {
            float    *to = rows[i] + o * channel_stride + v;
            JfVector  y[JF_TILE];

            /* The value at the point 1 is part of all six. */
            if (bias)
              half[i][1] += bias[o];
            transform_output (half[i], y);
            if (addend)
              {
                const float *more = addend + i * JF_TILE * addend_stride + o * output_stride + v;

                JF_REBASE (more);
                for (j = 0; j < JF_TILE; j++)
                  y[j] += jf_vector_load (more + j * addend_stride);
              }

            JF_REBASE (to);
            for (j = 0; j < JF_TILE; j++)
              jf_vector_store (to + j * phase_stride, relu ? jf_vector_positive (y[j]) : y[j]);
            if (is_far)
              for (j = 0; j < JF_TILE; j++)
                __builtin_prefetch (to + channel_stride + j * phase_stride, 1);
          }
      }
}

/* See jf_winograd_transform_output(). */
static void
output (const float  *products,
        gsize         product_stride,
        gsize         output_stride,
        int           outputs,
        int           vectors,
        const float  *bias,
        const float  *addend,
        gsize         addend_stride,
        gboolean      relu,
        float *const *rows,
        gsize         phase_stride,
        gsize         channel_stride)
{
  if (addend)
    transform_outputs (products, product_stride, output_stride, outputs, vectors, NULL, addend, addend_stride, relu, rows,
                       phase_stride, channel_stride);
  else
    transform_outputs (products, product_stride, output_stride, outputs, vectors, bias, NULL, 0, relu, rows,
                       phase_stride, channel_stride);
}

/* Of half a row of a tile: @value is a constant where this is called. */
JF_INLINE void
evaluate_pixels (const float *pixels,
                 gsize        phase_stride,
                 int          value,
                 float       *values,
                 gsize        value_stride)
{
  JfVector first  = jf_vector_load (pixels);
  JfVector second = jf_vector_load (pixels + phase_stride);
  JfVector third  = jf_vector_load (pixels + 2 * phase_stride);

  switch (value)
    {
    case JF_WINOGRAD_ONE:
      first += third;
      break;
    case JF_WINOGRAD_TWO:
      first  += 4.0f * third;
      second *= 2.0f;
      break;
    default:
      jf_vector_store (values, 4.0f * first + 2.0f * second + third);
      return;
    }

  jf_vector_store (values, first + second);
  jf_vector_store (values + 2 * value_stride, first - second);
}

JF_INLINE void
evaluate_all_pixels (const float *pixels,
                     gsize        phase_stride,
                     int          lanes,
                     int          channels,
                     int          vectors,
                     int          value,
                     float       *values,
                     gsize        value_stride)
{
  int c, v;

  for (c = 0; c < channels * lanes; c += lanes)
    for (v = c; v < c + vectors * JF_LANES; v += JF_LANES)
      {
        evaluate_pixels (pixels + v, phase_stride, value, values + v, value_stride);
        evaluate_pixels (pixels + HALF_TILE * phase_stride + v, phase_stride, value, values + value_stride + v, value_stride);
      }
}

/* See jf_winograd_evaluate_pixels(). */
static void
evaluate (const float *pixels,
          gsize        phase_stride,
          int          lanes,
          int          channels,
          int          vectors,
          int          value,
          float       *values,
          gsize        value_stride)
{
  switch (value)
    {
    case JF_WINOGRAD_ONE:
      evaluate_all_pixels (pixels, phase_stride, lanes, channels, vectors, JF_WINOGRAD_ONE, values, value_stride);
      break;
    case JF_WINOGRAD_TWO:
      evaluate_all_pixels (pixels, phase_stride, lanes, channels, vectors, JF_WINOGRAD_TWO, values, value_stride);
      break;
    default:
      evaluate_all_pixels (pixels, phase_stride, lanes, channels, vectors, JF_WINOGRAD_HALF, values, value_stride);
      break;
    }
}

/* @n_values is a constant where this is called. */
JF_INLINE void
interpolate_taps (const float *products,
                  gsize        value_stride,
                  int          lanes,
                  int          vectors,
                  int          n_values,
                  float       *sums)
{
  int v, half, i;

  for (v = 0; v < vectors * JF_LANES; v += JF_LANES)
    {
      JfVector sum[HALF_TILE + JF_WINOGRAD_MAX_VALUES] = { 0 };

      for (half = 0; half < 2; half++)
        {
          JfVector value[JF_WINOGRAD_MAX_VALUES], c[JF_WINOGRAD_MAX_VALUES];

          for (i = 0; i < n_values; i++)
            value[i] = jf_vector_load (products + (2 * i + half) * value_stride + v);
          if (n_values > JF_WINOGRAD_MIN_VALUES)
            interpolate_seven (value, c);
          else
            interpolate_five (value, c);
          for (i = 0; i < n_values; i++)
            sum[HALF_TILE * half + i] += c[i];
        }

      for (i = 0; i < HALF_TILE + n_values; i++)
        jf_vector_store (sums + i * lanes + v, jf_vector_load (sums + i * lanes + v) + sum[i]);
    }
}

/* See jf_winograd_interpolate_taps(). */
static void
interpolate (const float *products,
             gsize        value_stride,
             int          lanes,
             int          vectors,
             int          n_values,
             float       *sums)
{
  if (n_values > JF_WINOGRAD_MIN_VALUES)
    interpolate_taps (products, value_stride, lanes, vectors, JF_WINOGRAD_MAX_VALUES, sums);
  else
    interpolate_taps (products, value_stride, lanes, vectors, JF_WINOGRAD_MIN_VALUES, sums);
}

/*  public variables  */

const JfTransforms jf_transforms = { input, output, evaluate, interpolate };
