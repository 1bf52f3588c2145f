/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * winograd: the transforms of F(6x6,3x3)
 *
 * A tile of 6x6 outputs of a 3x3 correlation costs 64 multiplications instead of 324 (Lavin and Gray,
 * "Fast Algorithms for Convolutional Neural Networks", CVPR 2016): Y = A' [ (G g G') * (B' d B) ] A with
 * the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. Rows and columns are transformed by the same eight-point
 * formulas, on vectors of tiles (feature.h, transform.h).
 *
 * A layer by taps adds to a row of six pixels' neighbours what each of them makes of a row of 3 or 5 taps: half of the row at a
 * time, this is a product of polynomials with three and so many coefficients, which has 5 or 7. It is found from its values at
 * as many points, each of which costs one multiplication (Toom and Cook), instead of 9 or 15. The points are 0, infinity, 1, -1,
 * 1/2 and, for 5 taps, 2 and -2.
 */
#include "kernel.h"
#include "simd.h"
#include "transform.h"
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

/* For so many vectors of JF_LANES tiles, which may become fewer or more of another width. */
static const JfTransforms *
get_transforms (int *vectors)
{
#ifdef __x86_64__
  if (*vectors == 2 && jf_kernel_is_available ())
    {
      *vectors = 1;
      return &jf_transforms_16;
    }

  if (jf_cpu_has_avx2 ())
    return &jf_transforms_8;
#endif

  *vectors *= 2;

  return &jf_transforms_4;
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
 * @column:             where in its tile the 8x8 window starts, from -JF_TILE on
 * @left:               (nullable): of the 8 rows, what lies left of the first lane where the window starts there: column j and
 *                      channel c at j * @left_stride + c; without it there are other tiles
 * @left_stride:        see @left
 * @transformed:        (out): the vector of the first product and channel
 * @transformed_stride: floats from one channel to the next
 * @product_stride:     floats from one of the 64 products to the next
 *
 * B' d B of eight tiles per vector, for all channels.
 */
void
jf_winograd_transform_input (const float *const *rows,
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
  get_transforms (&vectors)->input (rows, phase_stride, channel_stride, channels, vectors, column, left, left_stride,
                                    transformed, transformed_stride, product_stride);
}

/**
 * jf_winograd_transform_output:
 * @products:       the vector of the first product and output
 * @product_stride: floats from one of the 64 products to the next
 * @output_stride:  floats from one output to the next
 * @outputs:        how many
 * @vectors:        how many vectors, one after the other
 * @bias:           (nullable): added, one per output
 * @addend:         (nullable): instead of @bias: 36 values that are added, with outputs as far apart as those of @products
 * @addend_stride:  floats from one of the 36 to the next
 * @relu:           whether negative results become 0
 * @rows:           (out): the 6 rows of a row of tiles, at the first channel and the vector's first lane
 * @phase_stride:   as in JfFeature
 * @channel_stride: floats from one channel to the next
 *
 * A' m A of eight tiles per vector, for all outputs.
 */
void
jf_winograd_transform_output (const float  *products,
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
  get_transforms (&vectors)->output (products, product_stride, output_stride, outputs, vectors, bias, addend, addend_stride,
                                     relu, rows, phase_stride, channel_stride);
}

/**
 * jf_winograd_evaluate_taps:
 * @row:    a row of a kernel
 * @n:      its columns: 3 or 5
 * @values: (out): @n + 2 values
 *
 * The polynomial with these coefficients, the last one first, at the points, in double precision, and times what the values of
 * pixels and the interpolation have too little.
 */
void
jf_winograd_evaluate_taps (const float *row,
                           int          n,
                           float       *values)
{
  const double points[JF_WINOGRAD_MAX_VALUES] = { 0.0, 0.0, 1.0, -1.0, 0.5, 2.0, -2.0 };
  const double half                           = n > 3 ? 8.0 : 2.0;
  const double factors[JF_WINOGRAD_MAX_VALUES] = { 1.0, 1.0, 0.5, 0.5, half, 0.5, 0.5 };
  int          i, t;

  for (i = 0; i < n + 2; i++)
    {
      double sum = 0.0;

      for (t = 0; t < n; t++)
        sum = sum * points[i] + row[t];
      values[i] = (float) (sum * factors[i]);
    }

  /* At infinity a polynomial is its highest coefficient. */
  values[1] = row[0];
}

/**
 * jf_winograd_evaluate_pixels:
 * @pixels:       the panel of phase 0
 * @phase_stride: floats from one phase to the next
 * @lanes:        floats from one channel to the next
 * @channels:     how many
 * @vectors:      how many vectors, one after the other
 * @value:        JF_WINOGRAD_ONE, JF_WINOGRAD_HALF or JF_WINOGRAD_TWO
 * @values:       (out): panels of the value or the two, each of the left and of the right half of a tile's row
 * @value_stride: floats from one of these panels to the next
 *
 * Polynomials of three pixels of a row at the points. Their values at 0 and infinity are the first and the last pixel.
 */
void
jf_winograd_evaluate_pixels (const float *pixels,
                             gsize        phase_stride,
                             int          lanes,
                             int          channels,
                             int          vectors,
                             int          value,
                             float       *values,
                             gsize        value_stride)
{
  get_transforms (&vectors)->evaluate_pixels (pixels, phase_stride, lanes, channels, vectors, value, values, value_stride);
}

/**
 * jf_winograd_interpolate_taps:
 * @products:     the products of a row of taps with the left half of a tile's row, the right half, and so on for all values
 * @value_stride: floats from one of them to the next
 * @lanes:        floats from one column of @sums to the next
 * @vectors:      how many vectors, one after the other
 * @n_values:     JF_WINOGRAD_MIN_VALUES or JF_WINOGRAD_MAX_VALUES
 * @sums:         (inout): the columns to add to, from the leftmost that the tile reaches on
 *
 * The coefficients of the product, which are columns of the result.
 */
void
jf_winograd_interpolate_taps (const float *products,
                              gsize        value_stride,
                              int          lanes,
                              int          vectors,
                              int          n_values,
                              float       *sums)
{
  get_transforms (&vectors)->interpolate_taps (products, value_stride, lanes, vectors, n_values, sums);
}
