/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * winograd: the transforms of F(6x6,3x3)
 *
 * A tile of 6x6 outputs of a 3x3 correlation costs 64 multiplications instead of 324 (Lavin and Gray,
 * "Fast Algorithms for Convolutional Neural Networks", CVPR 2016): Y = A' [ (G g G') * (B' d B) ] A with
 * the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. Rows and columns are transformed by the same eight-point
 * formulas, here on vectors of eight tiles (feature.h).
 */
#include "feature.h"
#include "simd.h"
#include "winograd.h"

#define SIDE JF_WINOGRAD_SIDE

/* G: the kernel's values at the points, divided by the factors that make B' one of small numbers. */
static const double kernel_matrix[SIDE][JF_WINOGRAD_KERNEL] =
{
  {  1.0,         0.0,         0.0         },
  { -2.0 / 9.0,  -2.0 / 9.0,  -2.0 / 9.0   },
  { -2.0 / 9.0,   2.0 / 9.0,  -2.0 / 9.0   },
  {  1.0 / 90.0,  1.0 / 45.0,  2.0 / 45.0  },
  {  1.0 / 90.0, -1.0 / 45.0,  2.0 / 45.0  },
  {  1.0 / 45.0,  1.0 / 90.0,  1.0 / 180.0 },
  {  1.0 / 45.0, -1.0 / 90.0,  1.0 / 180.0 },
  {  0.0,         0.0,         1.0         }
};

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
  odd  = 0.5f * d[1] - 2.5f * d[3] + 2.0f * d[5];
  t[3] = even + odd;
  t[4] = even - odd;

  even = d[6] + 4.0f * d[2] - 5.0f * d[4];
  odd  = 2.0f * d[1] - 2.5f * d[3] + 0.5f * d[5];
  t[5] = even + odd;
  t[6] = even - odd;
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

/*  public functions  */

/**
 * jf_winograd_transform_kernel:
 * @kernel:      the first value of the kernel
 * @row_stride:  floats from one of its rows to the next
 * @rows:        how many rows it has, up to 3; the rest are 0
 * @columns:     the same of its columns
 * @transformed: (out): 64 values
 *
 * G g G', in double precision.
 */
void
jf_winograd_transform_kernel (const float *kernel,
                              gsize        row_stride,
                              int          rows,
                              int          columns,
                              float       *transformed)
{
  int i, j, y, x;

  for (i = 0; i < SIDE; i++)
    for (j = 0; j < SIDE; j++)
      {
        double sum = 0.0;

        for (y = 0; y < rows; y++)
          for (x = 0; x < columns; x++)
            sum += kernel_matrix[i][y] * kernel_matrix[j][x] * kernel[y * row_stride + x];
        transformed[i * SIDE + j] = (float) sum;
      }
}

/**
 * jf_winograd_transform_input:
 * @rows:               the 8 rows of a row of tiles, at the first channel and the vector's first lane
 * @phase_stride:       as in JfFeature
 * @channel_stride:     floats from one channel to the next
 * @channels:           how many
 * @vectors:            how many vectors, one after the other
 * @column:             where in its tile the 8x8 window starts: a multiple of 3
 * @transformed:        (out): the vector of the first product and channel
 * @transformed_stride: floats from one channel to the next
 * @product_stride:     floats from one of the 64 products to the next
 *
 * B' d B of eight tiles per vector, for all channels.
 */
JF_DISPATCH void
jf_winograd_transform_input (const float *const *rows,
                             gsize               phase_stride,
                             gsize               channel_stride,
                             int                 channels,
                             int                 vectors,
                             int                 column,
                             float              *transformed,
                             gsize               transformed_stride,
                             gsize               product_stride)
{
  gsize offset[SIDE];
  int   c, v, i, j;

  for (j = 0; j < SIDE; j++)
    offset[j] = (column + j) % JF_TILE * phase_stride + (column + j) / JF_TILE;

  for (c = 0; c < channels; c++)
    for (v = 0; v < vectors * JF_LANES; v += JF_LANES)
      {
        JfVector half[SIDE][SIDE];

        for (j = 0; j < SIDE; j++)
          {
            JfVector d[SIDE], t[SIDE];

            for (i = 0; i < SIDE; i++)
              {
                const float *from = rows[i] + c * channel_stride + offset[j] + v;

                d[i] = jf_vector_load (from);
                if (v == 0 && j < JF_TILE)
                  __builtin_prefetch (from + channel_stride);
              }
            transform_input (d, t);
            for (i = 0; i < SIDE; i++)
              half[i][j] = t[i];
          }

        for (i = 0; i < SIDE; i++)
          {
            JfVector t[SIDE];

            transform_input (half[i], t);
            for (j = 0; j < SIDE; j++)
              jf_vector_store (transformed + (i * SIDE + j) * product_stride + c * transformed_stride + v, t[j]);
          }
      }
}

/**
 * jf_winograd_transform_output:
 * @products:       the vector of the first product and output
 * @product_stride: floats from one of the 64 products to the next
 * @output_stride:  floats from one output to the next
 * @outputs:        how many
 * @vectors:        how many vectors, one after the other
 * @bias:           added, one per output
 * @relu:           whether negative results become 0
 * @rows:           (out): the 6 rows of a row of tiles, at the first channel and the vector's first lane
 * @phase_stride:   as in JfFeature
 * @channel_stride: floats from one channel to the next
 *
 * A' m A of eight tiles per vector, for all outputs.
 */
JF_DISPATCH void
jf_winograd_transform_output (const float  *products,
                              gsize         product_stride,
                              gsize         output_stride,
                              int           outputs,
                              int           vectors,
                              const float  *bias,
                              gboolean      relu,
                              float *const *rows,
                              gsize         phase_stride,
                              gsize         channel_stride)
{
  int o, v, i, j;

  for (o = 0; o < outputs; o++)
    for (v = 0; v < vectors * JF_LANES; v += JF_LANES)
      {
        JfVector half[JF_TILE][SIDE];
        JfVector constant = bias[o] + (JfVector) { 0 };

        if (v == 0)
          for (i = 0; i < JF_TILE; i++)
            for (j = 0; j < JF_TILE; j++)
              __builtin_prefetch (rows[i] + (o + 1) * channel_stride + j * phase_stride, 1);

        for (j = 0; j < SIDE; j++)
          {
            JfVector m[SIDE], y[JF_TILE];

            for (i = 0; i < SIDE; i++)
              {
                const float *from = products + (i * SIDE + j) * product_stride + o * output_stride + v;

                m[i] = jf_vector_load (from);
                if (v == 0)
                  __builtin_prefetch (from + output_stride);
              }
            transform_output (m, y);
            for (i = 0; i < JF_TILE; i++)
              half[i][j] = y[i];
          }

        for (i = 0; i < JF_TILE; i++)
          {
            JfVector y[JF_TILE];

            transform_output (half[i], y);
            for (j = 0; j < JF_TILE; j++)
              {
                JfVector pixel = y[j] + constant;

                jf_vector_store (rows[i] + o * channel_stride + j * phase_stride + v,
                                 relu ? jf_vector_positive (pixel) : pixel);
              }
          }
      }
}
