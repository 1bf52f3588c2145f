/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv: one step of a convolution layer
 *
 * A step makes some rows of its output from some rows of its sources. It goes over them in groups of a few
 * vectors, so that what it packs and multiplies for a group stays in the second-level cache:
 *
 *   direct    group of pixels → packed columns [inputs · kernel²][lanes] → product → bias, ReLU
 *   Winograd  group of tiles → 64 × [inputs · blocks²][lanes] → 64 products → 6x6 pixels each, bias, ReLU
 *
 * A kernel larger than 3x3 is cut into 3x3 kernels (the last ones padded with zeros), whose products add up in
 * the transform domain: they are more depth for the same 64 products.
 */
#include "conv.h"
#include "simd.h"
#include "winograd.h"

/* Depth of a direct product: a pixel panel of 16 lanes and this depth fills 24 KiB of a 32 KiB first-level cache. */
#define DIRECT_DEPTH 384

/* Lanes of a direct product: enough for the weights of a depth block to be worth loading. */
#define DIRECT_LANES 64

/* Lanes of a Winograd product. 64 products of 64 inputs then take 256 KiB, half the second-level cache of
 * small cores.
 */
#define WINOGRAD_LANES 16

#define LINE_FLOATS 16
#define LINE_BYTES  64

/* Pixel (or tile) lanes that are read and written together. */
typedef struct
{
  int row;      /* of the block, in units of the method's rows */
  int phase;
  int lane;
} Vector;

/*  private functions  */

static int
round_up (int value,
          int unit)
{
  return (value + unit - 1) / unit * unit;
}

static void
init_direct (JfConv      *conv,
             const float *weights)
{
  int   rows = jf_gemm_round_outputs (conv->gemm, conv->outputs);
  int   depth;
  int   first;
  float *packed;

  conv->block_rows     = 1;
  conv->window         = conv->kernel;
  conv->reach          = JF_TILE - 1 + conv->kernel - 1;
  conv->depth          = conv->inputs * conv->kernel * conv->kernel;
  conv->group          = round_up (DIRECT_LANES, conv->gemm->pixels) / JF_LANES;
  conv->product_stride = (gsize) conv->group * JF_LANES;
  conv->scratch        = (MIN (conv->depth, DIRECT_DEPTH) + rows) * conv->product_stride;
  conv->weights        = g_aligned_alloc ((gsize) rows * conv->depth, sizeof (float), LINE_BYTES);

  packed = conv->weights;
  for (first = 0; first < conv->depth; first += depth)
    {
      depth = MIN (DIRECT_DEPTH, conv->depth - first);
      jf_gemm_pack_weights (conv->gemm, conv->outputs, depth, weights + first, conv->depth, 1, packed);
      packed += (gsize) rows * depth;
    }
}

/* [outputs][depth][64], depth running over inputs and, within one, over its 3x3 kernels. */
static float *
transform_kernels (const JfConv *conv,
                   const float  *weights)
{
  int    n           = conv->kernel;
  float *transformed = g_new (float, (gsize) conv->outputs * conv->depth * JF_WINOGRAD_PRODUCTS);
  float *t           = transformed;
  int    i, y, x;

  for (i = 0; i < conv->outputs * conv->inputs; i++)
    for (y = 0; y < n; y += JF_WINOGRAD_KERNEL)
      for (x = 0; x < n; x += JF_WINOGRAD_KERNEL)
        {
          jf_winograd_transform_kernel (weights + (gsize) i * n * n + y * n + x, n,
                                        MIN (JF_WINOGRAD_KERNEL, n - y),
                                        MIN (JF_WINOGRAD_KERNEL, n - x), t);
          t += JF_WINOGRAD_PRODUCTS;
        }

  return transformed;
}

static void
init_winograd (JfConv      *conv,
               const float *weights)
{
  g_autofree float *transformed = NULL;
  int   rows = jf_gemm_round_outputs (conv->gemm, conv->outputs);
  int   shift;
  int   product;
  gsize size;

  conv->blocks         = (conv->kernel + JF_WINOGRAD_KERNEL - 1) / JF_WINOGRAD_KERNEL;
  shift                = (conv->blocks - 1) * JF_WINOGRAD_KERNEL;
  conv->block_rows     = JF_TILE;
  conv->window         = shift + JF_WINOGRAD_SIDE;
  conv->reach          = shift + JF_WINOGRAD_SIDE - 1;
  conv->depth          = conv->inputs * conv->blocks * conv->blocks;
  conv->group          = round_up (WINOGRAD_LANES, conv->gemm->pixels) / JF_LANES;

  /* An odd number of cache lines apart, or the 64 stores of a transform fight for the same cache sets. */
  conv->product_stride = (gsize) MAX (conv->depth, rows) * conv->group * JF_LANES;
  conv->product_stride = round_up ((int) conv->product_stride, 2 * LINE_FLOATS) + LINE_FLOATS;

  /* One more than the products: see run_winograd(). */
  conv->scratch        = (JF_WINOGRAD_PRODUCTS + 1) * conv->product_stride;

  size          = (gsize) rows * conv->depth;
  conv->weights = g_aligned_alloc (size * JF_WINOGRAD_PRODUCTS, sizeof (float), LINE_BYTES);
  transformed   = transform_kernels (conv, weights);
  for (product = 0; product < JF_WINOGRAD_PRODUCTS; product++)
    jf_gemm_pack_weights (conv->gemm, conv->outputs, conv->depth, transformed + product,
                          (gsize) conv->depth * JF_WINOGRAD_PRODUCTS, JF_WINOGRAD_PRODUCTS,
                          conv->weights + product * size);
}

static void
init_shift_add (JfConv *conv)
{
  conv->block_rows = 1;
  conv->window     = conv->kernel;
  conv->reach      = JF_TILE - 1 + conv->kernel - 1;
}

/* The i-th vector of a block of rows: phases within a row, as the rows are laid out. */
static Vector
locate_vector (int i,
               int phases,
               int vectors)
{
  Vector vector;

  vector.lane  = i % vectors * JF_LANES;
  vector.phase = i / vectors % phases;
  vector.row   = i / vectors / phases;

  return vector;
}

/* Where lane l of a group lies in packed pixels of this depth. */
static gsize
panel_offset (const JfGemm *gemm,
              int           lane,
              int           depth)
{
  return (gsize) (lane / gemm->pixels) * gemm->pixels * depth + lane % gemm->pixels;
}

/* Packs columns first … first + depth of one vector of pixels; a column is an input, row and column of the kernel. */
JF_DISPATCH static void
pack_columns (const JfConv     *conv,
              const JfFeature **sources,
              int               y,
              const Vector     *vector,
              int               first,
              int               depth,
              float            *packed)
{
  int kernel = conv->kernel;
  int area   = kernel * kernel;
  int input  = first / area;
  int tap    = first % area;
  int base   = 0;
  int done   = 0;

  while (done < depth)
    {
      const JfFeature *source = *sources;
      const float     *row;
      int              column;

      if (input >= base + source->channels)
        {
          base += source->channels;
          sources++;
          continue;
        }

      row = jf_feature_row (source, y + tap / kernel) +
            (input - base) * jf_feature_channel_stride (source) + vector->lane;
      for (column = tap % kernel; column < kernel && done < depth; column++, tap++, done++)
        {
          int x = vector->phase + column;

          jf_vector_store (packed, jf_vector_load (row + x % JF_TILE * source->phase_stride + x / JF_TILE));
          packed += conv->gemm->pixels;
        }

      if (tap == area)
        {
          tap = 0;
          input++;
        }
    }
}

JF_DISPATCH static void
store_pixels (const float *product,
              gsize        product_stride,
              int          outputs,
              const float *bias,
              gboolean     relu,
              float       *pixels,
              gsize        channel_stride)
{
  int o;

  for (o = 0; o < outputs; o++)
    {
      JfVector v = jf_vector_load (product + o * product_stride) + bias[o];

      jf_vector_store (pixels + o * channel_stride, relu ? jf_vector_positive (v) : v);
    }
}

static void
run_direct (const JfConv     *conv,
            const JfFeature **sources,
            const float      *bias,
            int               y,
            JfFeature        *output,
            float            *scratch)
{
  const JfGemm *gemm      = conv->gemm;
  int           rows      = jf_gemm_round_outputs (gemm, conv->outputs);
  float        *product   = scratch;
  float        *packed    = scratch + rows * conv->product_stride;
  int           n_vectors = conv->block_rows * JF_TILE * output->vectors;
  int           start, n, i, first, depth;

  for (start = 0; start < n_vectors; start += n)
    {
      const float *weights = conv->weights;

      n = MIN (conv->group, n_vectors - start);
      for (first = 0; first < conv->depth; first += depth)
        {
          depth = MIN (DIRECT_DEPTH, conv->depth - first);
          for (i = 0; i < n; i++)
            {
              Vector vector = locate_vector (start + i, JF_TILE, output->vectors);

              pack_columns (conv, sources, y + vector.row, &vector, first, depth,
                            packed + panel_offset (gemm, i * JF_LANES, depth));
            }
          jf_gemm_multiply (gemm, conv->outputs, depth, round_up (n * JF_LANES, gemm->pixels),
                            weights, packed, first > 0, product, conv->product_stride);
          weights += (gsize) rows * depth;
        }

      for (i = 0; i < n; i++)
        {
          Vector vector = locate_vector (start + i, JF_TILE, output->vectors);

          store_pixels (product + i * JF_LANES, conv->product_stride, conv->outputs, bias, conv->relu,
                        jf_feature_new_row (output, y + vector.row) +
                        vector.phase * output->phase_stride + vector.lane,
                        jf_feature_channel_stride (output));
        }
    }
}

/* The tiles of one vector, for all sources and 3x3 kernels. */
static void
transform_tiles (const JfConv     *conv,
                 const JfFeature **sources,
                 int               n_sources,
                 int               y,
                 int               lane,
                 float            *transformed)
{
  int blocks = conv->blocks;
  int s, by, bx, i;

  for (s = 0; s < n_sources; s++)
    {
      const JfFeature *source = sources[s];

      for (by = 0; by < blocks; by++)
        {
          const float *rows[JF_WINOGRAD_SIDE];

          for (i = 0; i < JF_WINOGRAD_SIDE; i++)
            rows[i] = jf_feature_row (source, y + by * JF_WINOGRAD_KERNEL + i) + lane;
          for (bx = 0; bx < blocks; bx++)
            jf_winograd_transform_input (rows, source->phase_stride, jf_feature_channel_stride (source),
                                         source->channels, bx * JF_WINOGRAD_KERNEL,
                                         transformed + (by * blocks + bx) * conv->gemm->pixels,
                                         blocks * blocks * conv->gemm->pixels,
                                         conv->product_stride);
        }
      transformed += (gsize) source->channels * blocks * blocks * conv->gemm->pixels;
    }
}

/* The products are written over the tiles of the products before them, which are no longer needed: the tiles lie
 * one product further on in the scratch memory.
 */
static void
run_winograd (const JfConv     *conv,
              const JfFeature **sources,
              int               n_sources,
              const float      *bias,
              int               y,
              JfFeature        *output,
              float            *scratch)
{
  const JfGemm *gemm   = conv->gemm;
  gsize         lanes  = (gsize) conv->group * JF_LANES;
  gsize         size   = (gsize) jf_gemm_round_outputs (gemm, conv->outputs) * conv->depth;
  float        *tiles  = scratch + conv->product_stride;
  int           start, n, i, product;

  for (start = 0; start < output->vectors; start += n)
    {
      n = MIN (conv->group, output->vectors - start);
      for (i = 0; i < n; i++)
        transform_tiles (conv, sources, n_sources, y, (start + i) * JF_LANES,
                         tiles + panel_offset (gemm, i * JF_LANES, conv->depth));

      for (product = 0; product < JF_WINOGRAD_PRODUCTS; product++)
        jf_gemm_multiply (gemm, conv->outputs, conv->depth, round_up (n * JF_LANES, gemm->pixels),
                          conv->weights + product * size, tiles + product * conv->product_stride,
                          FALSE, scratch + product * conv->product_stride, lanes);

      for (i = 0; i < n; i++)
        {
          float *rows[JF_TILE];
          int    row;

          for (row = 0; row < JF_TILE; row++)
            rows[row] = jf_feature_new_row (output, y + row) + (start + i) * JF_LANES;
          jf_winograd_transform_output (scratch + i * JF_LANES, conv->product_stride, lanes,
                                        conv->outputs, bias, conv->relu, rows,
                                        output->phase_stride, jf_feature_channel_stride (output));
        }
    }
}

JF_DISPATCH static void
add_taps (const JfConv    *conv,
          const JfFeature *taps,
          float            bias,
          int              o,
          int              y,
          JfFeature       *output)
{
  int kernel = conv->kernel;
  int phase, lane, ky, kx;

  for (phase = 0; phase < JF_TILE; phase++)
    for (lane = 0; lane < output->vectors * JF_LANES; lane += JF_LANES)
      {
        float    *pixels = jf_feature_new_row (output, y) + o * jf_feature_channel_stride (output) +
                           phase * output->phase_stride + lane;
        JfVector  sum    = { 0 };

        for (ky = 0; ky < kernel; ky++)
          {
            const float *row = jf_feature_row (taps, y + ky) + lane +
                               (gsize) (o * kernel + ky) * kernel * jf_feature_channel_stride (taps);

            for (kx = 0; kx < kernel; kx++)
              {
                int x = phase + kx;

                sum += jf_vector_load (row + kx * jf_feature_channel_stride (taps) +
                                       x % JF_TILE * taps->phase_stride + x / JF_TILE);
              }
          }
        sum += bias;
        jf_vector_store (pixels, conv->relu ? jf_vector_positive (sum) : sum);
      }
}

/*  public functions  */

/**
 * jf_conv_init:
 * @conv:    (out): the step
 * @gemm:    what to multiply with
 * @method:  how to convolve
 * @inputs:  channels of all sources together
 * @outputs: channels of the output
 * @kernel:  side of the kernels, odd
 * @relu:    whether negative results become 0
 * @weights: (nullable): [outputs][inputs][kernel][kernel]; none where the method has no weights, which reads
 *           outputs · kernel² planes that are the products of an input pixel with every weight of the kernel
 *
 * Packs the weights for @gemm. Free with jf_conv_clear().
 */
void
jf_conv_init (JfConv       *conv,
              const JfGemm *gemm,
              JfConvMethod  method,
              int           inputs,
              int           outputs,
              int           kernel,
              gboolean      relu,
              const float  *weights)
{
  *conv = (JfConv) { .gemm = gemm, .method = method, .inputs = inputs, .outputs = outputs,
                     .kernel = kernel, .relu = relu };
  switch (method)
    {
    case JF_CONV_DIRECT:
      init_direct (conv, weights);
      break;
    case JF_CONV_WINOGRAD:
      init_winograd (conv, weights);
      break;
    case JF_CONV_SHIFT_ADD:
      init_shift_add (conv);
      break;
    }
}

/**
 * jf_conv_clear:
 * @conv: a step from jf_conv_init()
 *
 * Frees its weights.
 */
void
jf_conv_clear (JfConv *conv)
{
  g_clear_pointer (&conv->weights, g_aligned_free);
}

/**
 * jf_conv_run:
 * @conv:      the step
 * @sources:   its inputs, in the order of the weights' channels
 * @n_sources: how many, up to JF_CONV_MAX_SOURCES
 * @bias:      one per output
 * @y:         the first row to make
 * @output:    where to
 * @scratch:   @conv->scratch floats, 64-byte aligned
 *
 * Makes rows @y … @y + block_rows - 1 of the output from rows @y … @y + window - 1 of the sources: pixel (x, y) of the
 * output is the kernel's sum over (x … x + kernel - 1, y … y + kernel - 1).
 */
void
jf_conv_run (const JfConv     *conv,
             const JfFeature **sources,
             int               n_sources,
             const float      *bias,
             int               y,
             JfFeature        *output,
             float            *scratch)
{
  int o;

  switch (conv->method)
    {
    case JF_CONV_DIRECT:
      run_direct (conv, sources, bias, y, output, scratch);
      break;
    case JF_CONV_WINOGRAD:
      run_winograd (conv, sources, n_sources, bias, y, output, scratch);
      break;
    case JF_CONV_SHIFT_ADD:
      for (o = 0; o < conv->outputs; o++)
        add_taps (conv, sources[0], bias[o], o, y, output);
      break;
    }
}
