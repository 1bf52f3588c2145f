/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv: one step of a convolution layer
 *
 * A step makes some rows of its output from some rows of its sources. It goes over them panel by panel (gemm.h), so
 * that what it packs and multiplies stays in the second-level cache:
 *
 *   direct    panel of pixels → packed columns [inputs · kernel²][lanes] → product
 *   Winograd  panels of tiles → 64 × [inputs · blocks²][lanes] → for some outputs at a time: 64 products → 6x6 pixels
 *
 * and then through the pointwise layers, each a product of the panel that the one before has left. A layer of few outputs
 * may be the last: a pointwise one to a plane of products ("taps") for every weight of its kernels, which are added
 * to the result where they belong (a register of outputs would be mostly empty otherwise). Tiles have fewer products than that
 * (winograd.c): their rows are evaluated at some points and multiplied with what the rows of the kernels are there. A kernel
 * larger than 3x3 is cut into 3x3 kernels (the last ones padded with zeros), whose products add up in the transform domain:
 * they are more depth for the same 64 products.
 */
#include <string.h>

#include "conv.h"
#include "simd.h"
#include "winograd.h"

/* Depth of a direct product: a panel of 16 lanes and this depth fills 24 KiB of a 32 KiB first-level cache. */
#define DIRECT_DEPTH 384

/* Panels of tiles that are multiplied with the weights of a group while these are in the second-level cache, and the floats
 * that they may fill: 640 KiB of a cache of 1 MiB, and no faster with more in one of 2 MiB. One panel has to be.
 */
#define MAX_PANELS  4
#define PANEL_CACHE (160 * 1024)

#define MAX_PANEL_VECTORS (JF_GEMM_MAX_PIXELS / JF_LANES)

/* A cache line. */
#define LINE_BYTES 64

/* Where a panel's pixels lie in a row: its vectors follow each other through lanes and then phases. */
typedef struct
{
  int n_vectors;
  int phase[MAX_PANEL_VECTORS];
  int lane[MAX_PANEL_VECTORS];
} Panel;

/* Panels of tiles next to each other, which are taken through a step together, and where everything of theirs is. */
typedef struct
{
  int    y;
  int    n_panels;
  int    lane[MAX_PANELS];
  int    n_vectors[MAX_PANELS];
  float *tiles[MAX_PANELS];
  float *shared[MAX_PANELS];    /* the pixels of what all copies share */
  float *pixels[MAX_PANELS];
  float *products;              /* of a group and one panel */
  float *taps;                  /* [panels][copies]: sums of taps, before they are added to rows */
  float *scratch;               /* of the pointwise layers */
} Tiles;

/*  private functions  */

/* Floats of a panel of products of so many outputs. */
static gsize
panel_size (const JfGemm *gemm,
            int           outputs)
{
  return jf_round_to_lines ((gsize) jf_gemm_round_outputs (gemm, outputs) * gemm->pixels);
}

static void
init_direct (JfConv      *conv,
             const float *weights)
{
  int    rows = jf_gemm_round_outputs (conv->gemm, conv->outputs);
  int    depth, first;
  float *packed;

  conv->block_rows = 1;
  conv->panels     = 1;
  conv->window     = conv->kernel;
  conv->reach      = JF_TILE - 1 + conv->kernel - 1;
  conv->depth      = (conv->shared + conv->inputs) * conv->kernel * conv->kernel;
  conv->scratch    = (gsize) MIN (conv->depth, DIRECT_DEPTH) * conv->gemm->pixels +
                     panel_size (conv->gemm, conv->outputs);
  conv->weights    = jf_gemm_allocate ((gsize) rows * conv->depth, LINE_BYTES);

  packed = conv->weights;
  for (first = 0; first < conv->depth; first += depth)
    {
      depth = MIN (DIRECT_DEPTH, conv->depth - first);
      jf_gemm_pack_weights (conv->gemm, conv->outputs, depth, weights + first, conv->depth, 1, packed);
      packed += (gsize) rows * depth;
    }
}

/* The kernels of inputs @first … @first + @n - 1: [outputs][depth][64], depth running over inputs and, within one, over its 3x3
 * kernels.
 */
static float *
transform_kernels (const JfConv *conv,
                   const float  *weights,
                   int           first,
                   int           n)
{
  int    side        = conv->kernel;
  float *transformed = g_new (float, (gsize) conv->outputs * n * conv->blocks * conv->blocks * JF_WINOGRAD_PRODUCTS);
  float *t           = transformed;
  int    o, i, y, x;

  for (o = 0; o < conv->outputs; o++)
    for (i = first; i < first + n; i++)
      for (y = 0; y < side; y += JF_WINOGRAD_KERNEL)
        for (x = 0; x < side; x += JF_WINOGRAD_KERNEL)
          {
            gsize kernel = (gsize) o * (conv->shared + conv->inputs) + i;

            jf_winograd_transform_kernel (weights + kernel * side * side + y * side + x, side,
                                          MIN (JF_WINOGRAD_KERNEL, side - y),
                                          MIN (JF_WINOGRAD_KERNEL, side - x), t);
            t += JF_WINOGRAD_PRODUCTS;
          }

  return transformed;
}

/* Floats between two of the 64 matrices of a panel's tiles, and of a group's products. */
static gsize
tile_stride (const JfConv *conv)
{
  return jf_round_to_odd_lines ((gsize) MAX (conv->depth, conv->shared_depth) * conv->gemm->pixels);
}

static gsize
product_stride (const JfConv *conv)
{
  return jf_round_to_odd_lines (panel_size (conv->gemm, conv->group));
}

/* Floats between two of the 36 panels of pixels that a panel of tiles becomes. */
static gsize
pixel_stride (const JfConv *conv)
{
  return jf_round_to_odd_lines ((gsize) conv->outputs * conv->gemm->pixels);
}

/* Floats of the pixels that a panel of tiles becomes. */
static gsize
pixels_size (const JfConv *conv)
{
  return JF_TILE * JF_TILE * pixel_stride (conv);
}

/* Whether a panel of tiles becomes panels of pixels, which do not go straight into the result. */
static gboolean
has_pixels (const JfConv *conv)
{
  return conv->pointwise->len > 0 || conv->late > 0;
}

/* Floats of a panel: its tiles, what all copies share, and perhaps its pixels. */
static gsize
panel_scratch (const JfConv *conv)
{
  return JF_WINOGRAD_PRODUCTS * tile_stride (conv) +
         (conv->shared_depth > 0 ? pixels_size (conv) : 0) +
         (has_pixels (conv) ? pixels_size (conv) : 0);
}

static void
lay_out_panels (JfConv *conv)
{
  gsize products = JF_WINOGRAD_PRODUCTS * product_stride (conv);

  conv->panels      = (int) CLAMP (PANEL_CACHE / (panel_scratch (conv) + products), 1, MAX_PANELS);
  conv->panels_size = conv->panels * panel_scratch (conv) + products;
  conv->scratch     = conv->panels_size;
}

/* The weights of inputs @first … @first + @n - 1, or NULL without any: [group][product][depth][output]. */
static float *
pack_groups (const JfConv *conv,
             const float  *weights,
             int           first,
             int           n)
{
  g_autofree float *transformed = transform_kernels (conv, weights, first, n);
  int               depth       = n * conv->blocks * conv->blocks;
  gsize             size        = (gsize) depth * JF_WINOGRAD_PRODUCTS;
  float            *packed      = NULL;
  float            *to;
  int               o, outputs, product;

  if (n == 0)
    return NULL;

  packed = jf_gemm_allocate (jf_gemm_round_outputs (conv->gemm, conv->outputs) * size, LINE_BYTES);
  to     = packed;
  for (o = 0; o < conv->outputs; o += outputs)
    {
      outputs = MIN (conv->group, conv->outputs - o);
      for (product = 0; product < JF_WINOGRAD_PRODUCTS; product++)
        {
          jf_gemm_pack_weights (conv->gemm, outputs, depth, transformed + o * size + product,
                                size, JF_WINOGRAD_PRODUCTS, to);
          to += (gsize) jf_gemm_round_outputs (conv->gemm, outputs) * depth;
        }
    }

  return packed;
}

static void
init_winograd (JfConv      *conv,
               const float *weights)
{
  int shift;

  conv->blocks       = (conv->kernel + JF_WINOGRAD_KERNEL - 1) / JF_WINOGRAD_KERNEL;
  shift              = (conv->blocks - 1) * JF_WINOGRAD_KERNEL;
  conv->block_rows   = JF_TILE;
  conv->window       = shift + JF_WINOGRAD_SIDE;
  conv->reach        = shift + JF_WINOGRAD_SIDE - 1;
  conv->depth        = conv->inputs * conv->blocks * conv->blocks;
  conv->shared_depth = conv->shared * conv->blocks * conv->blocks;
  conv->group        = jf_gemm_group_outputs (conv->gemm, conv->outputs);
  lay_out_panels (conv);

  conv->shared_weights = pack_groups (conv, weights, 0, conv->shared);
  conv->weights        = pack_groups (conv, weights, conv->shared, conv->inputs);
}

static void
pointwise_clear (gpointer data)
{
  JfPointwise *pointwise = data;

  g_aligned_free (pointwise->weights);
  g_free (pointwise->bias);
}

/*  panels  */

static void
locate_panel (Panel *panel,
              int    first,
              int    n_vectors,
              int    vectors_per_phase)
{
  int i;

  panel->n_vectors = n_vectors;
  for (i = 0; i < n_vectors; i++)
    {
      panel->phase[i] = (first + i) / vectors_per_phase;
      panel->lane[i]  = (first + i) % vectors_per_phase * JF_LANES;
    }
}

JF_DISPATCH static void
store_panel (const float *product,
             int          outputs,
             int          lanes,
             const Panel *panel,
             float       *row,
             gsize        phase_stride,
             gsize        channel_stride)
{
  int o, i;

  for (o = 0; o < outputs; o++)
    for (i = 0; i < panel->n_vectors; i++)
      jf_vector_store (row + o * channel_stride + panel->phase[i] * phase_stride + panel->lane[i],
                       jf_vector_load (product + o * lanes + i * JF_LANES));
}

/*  taps  */

/* Rows that taps are about to be added to for the first time. */
static void
start_rows (const JfConv *conv,
            int           y,
            JfFeature    *output)
{
  gsize channel = jf_feature_channel_stride (output);
  int   row, o;
  gsize x;

  for (row = MAX (y, output->top); row < y + conv->block_rows; row++)
    for (o = 0; o < output->channels; o++)
      for (x = 0; x < channel; x++)
        jf_feature_new_row (output, row)[o * channel + x] = conv->tap_bias[o % conv->channels];
}

/* One row of a kernel's taps: column kx goes kx pixels to the left. */
JF_INLINE void
add_tap_row (const float *taps,
             int          kernel,
             int          lanes,
             const Panel *panel,
             float       *row,
             gsize        phase_stride)
{
  int i, kx;

  for (i = 0; i < panel->n_vectors; i++)
    {
      float *to    = row + panel->phase[i] * phase_stride + panel->lane[i];
      int    phase = panel->phase[i];

      for (kx = 0; kx < kernel; kx++)
        {
          jf_vector_store (to, jf_vector_load (to) + jf_vector_load (taps + kx * lanes + i * JF_LANES));

          /* Left of phase 0 is phase 5 of the lane before. */
          to += phase-- == 0 ? (JF_TILE - 1) * phase_stride - 1 : -phase_stride;
        }
    }
}

/* Adds the taps of a panel of row @y: row ky of a kernel goes ky rows up. */
JF_DISPATCH static void
add_taps (const JfConv *conv,
          const float  *taps,
          const Panel  *panel,
          int           y,
          JfFeature    *output)
{
  gsize channel = jf_feature_channel_stride (output);
  int   kernel  = conv->late + 1;
  int   lanes   = conv->gemm->pixels;
  int   o, ky;

  for (o = 0; o < conv->channels; o++)
    for (ky = 0; ky < kernel; ky++)
      if (y - ky >= output->top)
        add_tap_row (taps + (o * kernel + ky) * kernel * lanes, kernel, lanes, panel,
                     jf_feature_new_row (output, y - ky) + o * channel, output->phase_stride);
}

/* The side of what a tile adds to by taps: their rows go up and their columns to the left. */
static int
taps_side (const JfConv *conv)
{
  return JF_TILE + conv->late;
}

/* Floats of the sums of taps of a panel of tiles: [channels][side][side][lanes]. */
static gsize
taps_size (const JfConv *conv)
{
  return (gsize) conv->channels * taps_side (conv) * taps_side (conv) * conv->gemm->pixels;
}

/* Values that the product of half a row of a tile with a row of taps is found from. */
static int
count_values (const JfConv *conv)
{
  return conv->late + JF_WINOGRAD_MIN_VALUES - 2;
}

/* Rows of all kernels. */
static int
count_tap_rows (const JfConv *conv)
{
  return conv->channels * (conv->late + 1);
}

/* Floats from one panel of a row's pixels or values to the next. */
static gsize
value_stride (const JfConv *conv)
{
  return jf_round_to_odd_lines ((gsize) conv->tap_inputs * conv->gemm->pixels);
}

/* The products of all rows of taps with both halves of a row of tiles, for one value. */
static void
multiply_taps (const JfConv *conv,
               int           value,
               const float  *pixels,
               gsize         pixels_step,
               int           n_vectors,
               float        *products)
{
  const JfGemm *gemm = conv->gemm;
  int           rows = count_tap_rows (conv);
  gsize         size = panel_size (gemm, rows);

  jf_gemm_multiply (gemm, &(JfProduct) { .outputs = rows, .depth = conv->tap_inputs, .lanes = n_vectors * JF_LANES,
                                         .weights = conv->taps +
                                                    value * jf_gemm_round_outputs (gemm, rows) * (gsize) conv->tap_inputs,
                                         .pixels = pixels, .product = products + 2 * value * size, .stride = gemm->pixels,
                                         .repeats = 1, .same_weights = TRUE,
                                         .pixels_step = pixels_step, .product_step = size });
}

/* The same for all values, which are @values for a while. */
static void
evaluate_and_multiply (const JfConv *conv,
                       const float  *pixels,
                       gsize         phase_stride,
                       int           n_vectors,
                       float        *values,
                       float        *products)
{
  int   lanes  = conv->gemm->pixels;
  int   inputs = conv->tap_inputs;
  gsize stride = value_stride (conv);
  int   value, next;

  /* At 0 and infinity the pixels are values themselves. */
  multiply_taps (conv, 0, pixels, JF_TILE / 2 * phase_stride, n_vectors, products);
  multiply_taps (conv, 1, pixels + 2 * phase_stride, JF_TILE / 2 * phase_stride, n_vectors, products);

  for (value = JF_WINOGRAD_ONE; value < count_values (conv); value = next)
    {
      next = value == JF_WINOGRAD_HALF ? value + 1 : value + 2;
      jf_winograd_evaluate_pixels (pixels, phase_stride, lanes, inputs, n_vectors, value, values, stride);
      multiply_taps (conv, value, values, stride, n_vectors, products);
      if (next == value + 2)
        multiply_taps (conv, value + 1, values + 2 * stride, stride, n_vectors, products);
    }
}

/* Adds up the taps of row @row of a panel of tiles. */
static void
collect_taps (const JfConv *conv,
              const float  *products,
              int           n_vectors,
              int           row,
              float        *sums)
{
  int   kernel = conv->late + 1;
  int   side   = taps_side (conv);
  int   lanes  = conv->gemm->pixels;
  gsize size   = panel_size (conv->gemm, count_tap_rows (conv));
  int   o, ky;

  for (o = 0; o < conv->channels; o++)
    for (ky = 0; ky < kernel; ky++)
      jf_winograd_interpolate_taps (products + (o * kernel + ky) * lanes, size, lanes, n_vectors, count_values (conv),
                                    sums + (o * side + row - ky + conv->late) * side * lanes);
}

/* Adds the sums of a panel of tiles to the rows. */
JF_DISPATCH static void
add_sums (const JfConv *conv,
          const float  *sums,
          int           lane,
          int           n_vectors,
          int           y,
          JfFeature    *output)
{
  gsize channel = jf_feature_channel_stride (output);
  int   side    = taps_side (conv);
  int   lanes   = conv->gemm->pixels;
  int   o, row, column, i;

  for (o = 0; o < conv->channels; o++)
    for (row = MAX (0, output->top + conv->late - y); row < side; row++)
      for (column = 0; column < side; column++)
        {
          /* Left of phase 0 is phase 5 of the lane before. */
          int          x    = column - conv->late + JF_TILE;
          float       *to   = jf_feature_new_row (output, y - conv->late + row) + o * channel +
                              x % JF_TILE * output->phase_stride + lane + x / JF_TILE - 1;
          const float *from = sums + ((o * side + row) * side + column) * lanes;

          for (i = 0; i < n_vectors * JF_LANES; i += JF_LANES)
            jf_vector_store (to + i, jf_vector_load (to + i) + jf_vector_load (from + i));
        }
}

JF_DISPATCH static void
clip_rows (const JfConv *conv,
           int           y,
           JfFeature    *output)
{
  gsize size = output->channels * jf_feature_channel_stride (output);
  int   row;
  gsize x;

  for (row = MAX (y, output->top); row < y + conv->block_rows; row++)
    for (x = 0; x < size; x += JF_LANES)
      {
        float *at = jf_feature_new_row (output, row) + x;

        jf_vector_store (at, jf_vector_positive (jf_vector_load (at)));
      }
}

/*  finishing  */

/* Whether a panel is one piece of a row, so that a product can be written there. */
static gboolean
panel_is_contiguous (const JfGemm *gemm,
                     const Panel  *panel)
{
  int last = gemm->pixels / JF_LANES - 1;

  return panel->n_vectors == last + 1 && panel->phase[0] == panel->phase[last];
}

/* Floats of a product of the last pointwise layer. */
static gsize
last_product_size (const JfConv *conv)
{
  return panel_size (conv->gemm, g_array_index (conv->pointwise, JfPointwise, conv->pointwise->len - 1).outputs);
}

/* Panels of pixels that are taken through the pointwise layers at a time, at most: before taps, the phases of a row of tiles. */
static int
row_panels (const JfConv *conv)
{
  return conv->method == JF_CONV_WINOGRAD ? JF_TILE : 1;
}

/* Takes panels of the correlation's results through the pointwise layers. The last one's products are left at @product. */
static void
run_pointwise (const JfConv *conv,
               const float  *pixels,
               gsize         pixels_step,
               int           n_panels,
               int           n_vectors,
               float        *product,
               gsize         product_step,
               gsize         stride,
               float        *scratch)
{
  const JfGemm *gemm = conv->gemm;
  guint         i;

  for (i = 0; i < conv->pointwise->len; i++)
    {
      const JfPointwise *pointwise = &g_array_index (conv->pointwise, JfPointwise, i);
      gboolean           last      = i == conv->pointwise->len - 1;
      float             *to        = last ? product : scratch;
      gsize              step      = last ? product_step : panel_size (gemm, pointwise->outputs);

      jf_gemm_multiply (gemm, &(JfProduct) { .outputs = pointwise->outputs, .depth = pointwise->inputs,
                                             .lanes = n_vectors * JF_LANES,
                                             .weights = pointwise->weights, .pixels = pixels,
                                             .bias = pointwise->bias, .relu = pointwise->relu,
                                             .product = to, .stride = last ? stride : (gsize) gemm->pixels,
                                             .repeats = n_panels - 1, .same_weights = TRUE,
                                             .pixels_step = pixels_step, .product_step = step });
      pixels      = to;
      pixels_step = step;
      scratch    += n_panels * step;
    }
}

/* And to its place in a row of the output. */
static void
finish_panel (const JfConv *conv,
              const float  *pixels,
              const Panel  *panel,
              int           y,
              JfFeature    *output,
              float        *scratch)
{
  const JfGemm *gemm    = conv->gemm;
  gsize         channel = jf_feature_channel_stride (output);
  float        *row     = jf_feature_new_row (output, y);
  float        *product = scratch;

  if (conv->pointwise->len > 0 && conv->late == 0 && panel_is_contiguous (gemm, panel))
    {
      run_pointwise (conv, pixels, 0, 1, panel->n_vectors,
                     row + panel->phase[0] * output->phase_stride + panel->lane[0], 0, channel, scratch);
      return;
    }

  if (conv->pointwise->len > 0)
    {
      scratch += last_product_size (conv);
      run_pointwise (conv, pixels, 0, 1, panel->n_vectors, product, 0, gemm->pixels, scratch);
      pixels = product;
    }

  if (conv->late > 0)
    add_taps (conv, pixels, panel, y, output);
  else
    store_panel (pixels, conv->channels, gemm->pixels, panel, row, output->phase_stride, channel);
}

/*  direct  */

/* One row and column of all taps of a source, for all vectors of a panel. */
JF_INLINE float *
pack_tap (const float *row,
          const gsize *offsets,
          int          n_vectors,
          int          lanes,
          float       *packed)
{
  int i;

  for (i = 0; i < n_vectors; i++)
    jf_vector_store (packed + i * JF_LANES, jf_vector_load (row + offsets[i]));

  return packed + lanes;
}

/* Packs columns first … first + depth; a column is an input, row and column of the kernel. */
JF_DISPATCH static void
pack_columns (const JfConv     *conv,
              const JfFeature **sources,
              int               y,
              const Panel      *panel,
              int               first,
              int               depth,
              float            *packed)
{
  int lanes = conv->gemm->pixels;
  int area  = conv->kernel * conv->kernel;
  int input = first / area;
  int tap   = first % area;

  while (depth > 0)
    {
      const JfFeature *source = *sources++;

      for (; input < source->channels && depth > 0; input++, tap = 0)
        for (; tap < area && depth > 0; tap++, depth--)
          {
            const float *row = jf_feature_row (source, y + tap / conv->kernel) +
                               input * jf_feature_channel_stride (source);
            gsize        offsets[MAX_PANEL_VECTORS];
            int          i;

            for (i = 0; i < panel->n_vectors; i++)
              {
                int x = panel->phase[i] + tap % conv->kernel;

                offsets[i] = x % JF_TILE * source->phase_stride + x / JF_TILE + panel->lane[i];
              }
            packed = pack_tap (row, offsets, panel->n_vectors, lanes, packed);
          }
      input -= source->channels;
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
  gsize         rows      = jf_gemm_round_outputs (gemm, conv->outputs);
  float        *product   = scratch;
  float        *packed    = product + panel_size (gemm, conv->outputs);
  float        *rest      = packed + (gsize) MIN (conv->depth, DIRECT_DEPTH) * gemm->pixels;
  int           n_vectors = JF_TILE * output->vectors;
  int           start, first, depth;
  Panel         panel;

  for (start = 0; start < n_vectors; start += panel.n_vectors)
    {
      const float *weights = conv->weights;

      locate_panel (&panel, start, MIN (gemm->pixels / JF_LANES, n_vectors - start), output->vectors);
      for (first = 0; first < conv->depth; first += depth)
        {
          depth = MIN (DIRECT_DEPTH, conv->depth - first);
          pack_columns (conv, sources, y, &panel, first, depth, packed);
          jf_gemm_multiply (gemm, &(JfProduct) { .outputs = conv->outputs, .depth = depth,
                                                 .lanes = panel.n_vectors * JF_LANES,
                                                 .weights = weights, .pixels = packed, .sum = first > 0 ? product : NULL,
                                                 .bias = first + depth == conv->depth ? bias : NULL, .relu = conv->relu,
                                                 .product = product, .stride = gemm->pixels });
          weights += rows * depth;
        }
      finish_panel (conv, product, &panel, y, output, rest);
    }
}

/*  Winograd  */

/* A panel of tiles, for all sources and 3x3 kernels. */
static void
transform_tiles (const JfConv     *conv,
                 const JfFeature **sources,
                 int               n_sources,
                 int               y,
                 int               lane,
                 int               n_vectors,
                 float            *transformed)
{
  int   blocks = conv->blocks;
  int   lanes  = conv->gemm->pixels;
  gsize stride = tile_stride (conv);
  int   s, by, bx, i;

  for (s = 0; s < n_sources; s++)
    {
      const JfFeature *source = sources[s];

      for (by = 0; by < blocks; by++)
        {
          const float *rows[JF_WINOGRAD_SIDE];
          const float *left[JF_WINOGRAD_SIDE] = { NULL };

          for (i = 0; i < JF_WINOGRAD_SIDE; i++)
            {
              rows[i] = jf_feature_row (source, y + by * JF_WINOGRAD_KERNEL + i) + lane;
              if (lane == 0 && source->context > 0)
                left[i] = jf_feature_left (source, y + by * JF_WINOGRAD_KERNEL + i);
            }
          for (bx = 0; bx < blocks; bx++)
            {
              jf_winograd_transform_input (rows, source->phase_stride, jf_feature_channel_stride (source),
                                           source->channels, n_vectors, bx * JF_WINOGRAD_KERNEL - source->context,
                                           left[0] ? left : NULL, source->left_channels,
                                           transformed + (by * blocks + bx) * lanes,
                                           blocks * blocks * lanes, stride);
              for (i = 0; i < JF_WINOGRAD_SIDE && left[i]; i++)
                left[i] += JF_WINOGRAD_KERNEL * source->left_channels;
            }
        }
      transformed += (gsize) source->channels * blocks * blocks * lanes;
    }
}

static void
locate_tiles (const JfConv *conv,
              Tiles        *tiles,
              int           first,
              int           n_vectors,
              float        *scratch)
{
  int vectors = conv->gemm->pixels / JF_LANES;
  int i;

  tiles->scratch  = scratch + conv->panels_size;
  tiles->taps     = scratch + conv->scratch - conv->taps_size;
  tiles->products = scratch;
  scratch        += JF_WINOGRAD_PRODUCTS * product_stride (conv);
  tiles->n_panels = (n_vectors - first + vectors - 1) / vectors;
  for (i = 0; i < tiles->n_panels; i++)
    {
      tiles->lane[i]      = (first + i * vectors) * JF_LANES;
      tiles->n_vectors[i] = MIN (vectors, n_vectors - first - i * vectors);
      tiles->tiles[i]     = scratch;
      tiles->shared[i]    = scratch + JF_WINOGRAD_PRODUCTS * tile_stride (conv);
      tiles->pixels[i]    = tiles->shared[i] + (conv->shared_depth > 0 ? pixels_size (conv) : 0);
      scratch            += panel_scratch (conv);
    }
}

/* The products of a panel for outputs @first … @first + @n - 1. */
static void
multiply_tiles (const JfConv *conv,
                const Tiles  *tiles,
                int           panel,
                const float  *weights,
                int           depth,
                int           first,
                int           n)
{
  jf_gemm_multiply (conv->gemm, &(JfProduct) { .outputs = n, .depth = depth,
                                               .lanes = tiles->n_vectors[panel] * JF_LANES,
                                               .weights = weights + (gsize) first * depth * JF_WINOGRAD_PRODUCTS,
                                               .pixels = tiles->tiles[panel],
                                               .product = tiles->products, .stride = conv->gemm->pixels,
                                               .repeats = JF_WINOGRAD_PRODUCTS - 1,
                                               .pixels_step = tile_stride (conv),
                                               .product_step = product_stride (conv) });
}

/* What the source that all copies share makes of all outputs, before it is clipped. */
static void
make_shared_pixels (const JfConv *conv,
                    const Tiles  *tiles,
                    int           panel,
                    const float  *bias)
{
  int    lanes  = conv->gemm->pixels;
  gsize  stride = pixel_stride (conv);
  float *rows[JF_TILE];
  int    first, n, i;

  for (first = 0; first < conv->outputs; first += n)
    {
      n = MIN (conv->group, conv->outputs - first);
      for (i = 0; i < JF_TILE; i++)
        rows[i] = tiles->shared[panel] + i * JF_TILE * stride + first * lanes;
      multiply_tiles (conv, tiles, panel, conv->shared_weights, conv->shared_depth, first, n);
      jf_winograd_transform_output (tiles->products, product_stride (conv), lanes, n, tiles->n_vectors[panel],
                                    bias + first, NULL, 0, FALSE, rows, stride, lanes);
    }
}

/* The 6x6 pixels of a panel's tiles for some outputs: into the rows of the result, or as panels for the pointwise layers. */
static void
make_pixels (const JfConv *conv,
             const Tiles  *tiles,
             int           panel,
             int           first,
             int           n,
             const float  *bias,
             JfFeature    *output)
{
  gboolean direct         = ! has_pixels (conv);
  gboolean has_shared     = conv->shared_depth > 0;
  int      lanes          = conv->gemm->pixels;
  gsize    stride         = pixel_stride (conv);
  gsize    phase_stride   = direct ? output->phase_stride : stride;
  gsize    channel_stride = direct ? jf_feature_channel_stride (output) : (gsize) lanes;
  float   *rows[JF_TILE];
  int      i;

  for (i = 0; i < JF_TILE; i++)
    rows[i] = (direct ? jf_feature_new_row (output, tiles->y + i) + tiles->lane[panel]
                      : tiles->pixels[panel] + i * JF_TILE * stride) + first * channel_stride;
  multiply_tiles (conv, tiles, panel, conv->weights, conv->depth, first, n);
  jf_winograd_transform_output (tiles->products, product_stride (conv), lanes, n, tiles->n_vectors[panel],
                                has_shared ? NULL : bias + first, has_shared ? tiles->shared[panel] + first * lanes : NULL,
                                stride, conv->relu, rows, phase_stride, channel_stride);
}

static void
finish_tiles (const JfConv *conv,
              const Tiles  *tiles,
              int           index,
              JfFeature    *output)
{
  gsize stride = pixel_stride (conv);
  Panel panel;
  int   i, phase;

  for (i = 0; i < JF_TILE; i++)
    for (phase = 0; phase < JF_TILE; phase++)
      {
        locate_panel (&panel, phase * output->vectors + tiles->lane[index] / JF_LANES, tiles->n_vectors[index],
                      output->vectors);
        finish_panel (conv, tiles->pixels[index] + (i * JF_TILE + phase) * stride, &panel,
                      tiles->y + i, output, tiles->scratch);
      }
}

/* The same with taps, whose sums are left for jf_conv_join(). */
static void
finish_tiles_by_taps (const JfConv *conv,
                      const Tiles  *tiles,
                      int           index,
                      float        *sums)
{
  gboolean  is_last   = conv->pointwise->len == 0;
  int       n_vectors = tiles->n_vectors[index];
  gsize     stride    = is_last ? pixel_stride (conv) : value_stride (conv);
  float    *values    = tiles->scratch;
  float    *products  = values + 4 * value_stride (conv);
  float    *row       = products + 2 * count_values (conv) * panel_size (conv->gemm, count_tap_rows (conv));
  int       i;

  memset (sums, 0, taps_size (conv) * sizeof (float));
  for (i = 0; i < JF_TILE; i++)
    {
      const float *pixels = tiles->pixels[index] + i * JF_TILE * pixel_stride (conv);

      if (! is_last)
        run_pointwise (conv, pixels, pixel_stride (conv), row_panels (conv), n_vectors, row, stride, conv->gemm->pixels,
                       row + JF_TILE * stride);
      evaluate_and_multiply (conv, is_last ? pixels : row, stride, n_vectors, values, products);
      collect_taps (conv, products, n_vectors, i, sums);
    }
}

/* All panels of one copy. */
static void
run_tiles (const JfConv     *conv,
           const Tiles      *tiles,
           const JfFeature **sources,
           int               n_sources,
           const float      *bias,
           int               copy,
           JfFeature        *output)
{
  int first, n, i;

  for (i = 0; i < tiles->n_panels; i++)
    transform_tiles (conv, sources, n_sources, tiles->y, tiles->lane[i], tiles->n_vectors[i], tiles->tiles[i]);

  for (first = 0; first < conv->outputs; first += n)
    {
      n = MIN (conv->group, conv->outputs - first);
      for (i = 0; i < tiles->n_panels; i++)
        make_pixels (conv, tiles, i, first, n, bias, output);
    }

  for (i = 0; i < tiles->n_panels; i++)
    if (conv->late > 0)
      finish_tiles_by_taps (conv, tiles, i, tiles->taps + (i * conv->copies + copy) * taps_size (conv));
    else if (conv->pointwise->len > 0)
      finish_tiles (conv, tiles, i, output);
}

/*  copies  */

/* The channels of one copy, of as many channels in all as there are copies. */
static JfFeature
feature_of_copy (const JfFeature *feature,
                 int              copy,
                 int              copies)
{
  JfFeature view = *feature;

  view.channels /= copies;
  view.data     += copy * view.channels * jf_feature_channel_stride (feature);
  if (view.left)
    view.left += copy * view.channels;

  return view;
}

static void
run_direct_copies (const JfConv     *conv,
                   const JfFeature **sources,
                   int               n_sources,
                   const float      *bias,
                   int               y,
                   JfFeature        *output,
                   float            *scratch)
{
  const JfFeature *inputs[JF_CONV_MAX_SOURCES] = { sources[0] };
  int              copy;

  if (conv->copies == 1)
    {
      run_direct (conv, sources, bias, y, output, scratch);
      return;
    }

  for (copy = 0; copy < conv->copies; copy++)
    {
      JfFeature input  = feature_of_copy (sources[n_sources - 1], copy, conv->copies);
      JfFeature result = feature_of_copy (output, copy, conv->copies);

      inputs[n_sources - 1] = &input;
      run_direct (conv, inputs, bias, y, &result, scratch);
    }
}

static void
run_winograd (const JfConv     *conv,
              const Tiles      *tiles,
              const JfFeature **sources,
              int               n_sources,
              const float      *bias,
              JfFeature        *output)
{
  int copy, i;

  if (conv->copies == 1)
    {
      run_tiles (conv, tiles, sources, n_sources, bias, 0, output);
      return;
    }

  for (i = 0; i < tiles->n_panels && conv->shared > 0; i++)
    {
      transform_tiles (conv, sources, 1, tiles->y, tiles->lane[i], tiles->n_vectors[i], tiles->tiles[i]);
      make_shared_pixels (conv, tiles, i, bias);
    }

  for (copy = 0; copy < conv->copies; copy++)
    {
      JfFeature        input  = feature_of_copy (sources[n_sources - 1], copy, conv->copies);
      JfFeature        result = feature_of_copy (output, copy, conv->copies);
      const JfFeature *own    = &input;

      run_tiles (conv, tiles, &own, 1, bias, copy, &result);
    }
}

/* The panels of parts @first … @first + @n - 1. */
static void
locate_parts (const JfConv    *conv,
              Tiles           *tiles,
              const JfFeature *output,
              int              y,
              int              first,
              int              n,
              float           *scratch)
{
  int vectors = conv->gemm->pixels / JF_LANES;

  tiles->y = y;
  locate_tiles (conv, tiles, first * vectors, MIN ((first + n) * vectors, output->vectors), scratch);
}

/*  taps' weights  */

/* A pointwise layer to a plane for each. */
static void
init_taps (JfConv      *conv,
           int          outputs,
           int          kernel,
           const float *weights)
{
  int               area   = kernel * kernel;
  int               inputs = conv->channels;
  g_autofree float *taps   = g_new (float, (gsize) outputs * inputs * area);
  g_autofree float *zeros  = g_new0 (float, outputs * area);
  int               o, i, t;

  for (o = 0; o < outputs; o++)
    for (i = 0; i < inputs; i++)
      for (t = 0; t < area; t++)
        taps[((gsize) o * area + t) * inputs + i] = weights[((gsize) o * inputs + i) * area + t];

  jf_conv_add_pointwise (conv, outputs * area, FALSE, taps, zeros);
  conv->channels = outputs;
  conv->late     = kernel - 1;
}

/* The values of the kernels' rows: [output][row][input][value]. */
static float *
evaluate_taps (const JfConv *conv,
               const float  *weights)
{
  int    kernel    = conv->late + 1;
  int    n_values  = count_values (conv);
  float *evaluated = g_new (float, (gsize) count_tap_rows (conv) * conv->tap_inputs * n_values);
  int    o, i, y;

  for (o = 0; o < conv->channels; o++)
    for (i = 0; i < conv->tap_inputs; i++)
      for (y = 0; y < kernel; y++)
        jf_winograd_evaluate_taps (weights + (((gsize) o * conv->tap_inputs + i) * kernel + y) * kernel, kernel,
                                   evaluated + (((gsize) o * kernel + y) * conv->tap_inputs + i) * n_values);

  return evaluated;
}

static void
init_tile_taps (JfConv      *conv,
                int          outputs,
                int          kernel,
                const float *weights)
{
  g_autofree float *evaluated = NULL;
  gsize             rows, size;
  int               value;

  conv->tap_inputs = conv->channels;
  conv->channels   = outputs;
  conv->late       = kernel - 1;
  if (conv->pointwise->len == 0)
    lay_out_panels (conv);

  evaluated  = evaluate_taps (conv, weights);
  rows       = count_tap_rows (conv);
  size       = jf_gemm_round_outputs (conv->gemm, (int) rows) * (gsize) conv->tap_inputs;
  conv->taps = jf_gemm_allocate (count_values (conv) * size, LINE_BYTES);
  for (value = 0; value < count_values (conv); value++)
    jf_gemm_pack_weights (conv->gemm, (int) rows, conv->tap_inputs, evaluated + value,
                          (gsize) conv->tap_inputs * count_values (conv), count_values (conv), conv->taps + value * size);

  conv->taps_size = conv->panels * conv->copies * taps_size (conv);
  conv->scratch  += (4 + JF_TILE) * value_stride (conv) +
                    2 * count_values (conv) * panel_size (conv->gemm, (int) rows) + conv->taps_size;
}

/*  public functions  */

/**
 * jf_conv_init:
 * @conv:     (out): the step
 * @gemm:     what to multiply with
 * @method:   how to convolve
 * @channels: its channels; with several copies there is one source of their own inputs, after the shared one if there is one
 * @kernel:   side of the kernels, odd
 * @relu:     whether negative results become 0
 * @weights:  [outputs][inputs][kernel][kernel], of a copy, the shared inputs first
 *
 * Packs the weights for @gemm. Free with jf_conv_clear().
 */
void
jf_conv_init (JfConv           *conv,
              const JfGemm     *gemm,
              JfConvMethod      method,
              const JfChannels *channels,
              int               kernel,
              gboolean          relu,
              const float      *weights)
{
  *conv = (JfConv) { .gemm = gemm, .method = method, .copies = channels->copies, .shared = channels->shared,
                     .inputs = channels->inputs - channels->shared, .outputs = channels->outputs,
                     .channels = channels->outputs, .kernel = kernel, .relu = relu };
  conv->pointwise = g_array_new (FALSE, FALSE, sizeof (JfPointwise));
  g_array_set_clear_func (conv->pointwise, pointwise_clear);
  switch (method)
    {
    case JF_CONV_DIRECT:
      init_direct (conv, weights);
      break;
    case JF_CONV_WINOGRAD:
      init_winograd (conv, weights);
      break;
    }
}

/**
 * jf_conv_add_pointwise:
 * @conv:    a step without taps
 * @outputs: channels of the result
 * @relu:    whether negative results become 0
 * @weights: [outputs][channels of the step so far]
 * @bias:    [outputs]
 *
 * Lets a 1x1 layer follow.
 */
void
jf_conv_add_pointwise (JfConv      *conv,
                       int          outputs,
                       gboolean     relu,
                       const float *weights,
                       const float *bias)
{
  JfPointwise  pointwise = { .inputs = conv->channels, .outputs = outputs, .relu = relu };
  gsize        rows      = jf_gemm_round_outputs (conv->gemm, outputs);

  pointwise.weights = jf_gemm_allocate (rows * conv->channels, LINE_BYTES);
  jf_gemm_pack_weights (conv->gemm, outputs, conv->channels, weights, conv->channels, 1, pointwise.weights);
  pointwise.bias = g_memdup2 (bias, outputs * sizeof (float));

  g_array_append_val (conv->pointwise, pointwise);
  if (conv->method == JF_CONV_WINOGRAD && conv->pointwise->len == 1)
    lay_out_panels (conv);
  conv->scratch += row_panels (conv) * panel_size (conv->gemm, outputs);
  conv->channels = outputs;
}

/**
 * jf_conv_add_taps:
 * @conv:    a step without taps
 * @outputs: channels of the result
 * @kernel:  side of the kernels, odd and up to JF_CONV_MAX_TAPS
 * @relu:    whether negative results become 0
 * @weights: [outputs][channels of the step so far][kernel][kernel]
 * @bias:    [outputs]
 *
 * Lets a layer of few outputs follow, by taps. It is the step's last.
 */
void
jf_conv_add_taps (JfConv      *conv,
                  int          outputs,
                  int          kernel,
                  gboolean     relu,
                  const float *weights,
                  const float *bias)
{
  if (conv->method == JF_CONV_WINOGRAD)
    init_tile_taps (conv, outputs, kernel, weights);
  else
    init_taps (conv, outputs, kernel, weights);

  conv->tap_bias = g_memdup2 (bias, outputs * sizeof (float));
  conv->tap_relu = relu;
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
  g_clear_pointer (&conv->shared_weights, g_aligned_free);
  g_clear_pointer (&conv->pointwise, g_array_unref);
  g_clear_pointer (&conv->taps, g_aligned_free);
  g_clear_pointer (&conv->tap_bias, g_free);
}

/**
 * jf_conv_count_parts:
 * @conv:   the step
 * @output: where to
 *
 * Returns: into how many parts a block of rows falls: its panels of tiles, or all of it if it is not made by tiles
 */
int
jf_conv_count_parts (const JfConv    *conv,
                     const JfFeature *output)
{
  int vectors = conv->gemm->pixels / JF_LANES;

  return conv->method == JF_CONV_WINOGRAD ? (output->vectors + vectors - 1) / vectors : 1;
}

/**
 * jf_conv_run:
 * @conv:      the step
 * @sources:   its inputs, in the order of the weights' channels
 * @n_sources: how many, up to JF_CONV_MAX_SOURCES
 * @bias:      one per output of the correlation
 * @y:         the first row to make
 * @first:     the first part to make
 * @n:         how many, up to @conv->panels
 * @output:    where to
 * @scratch:   @conv->scratch floats, 64-byte aligned
 *
 * Makes parts of rows @y … @y + block_rows - 1 of the output from rows @y … @y + window - 1 of the sources: pixel (x, y) of the
 * output is the kernel's sum over (x … x + kernel - 1, y … y + kernel - 1), or as many columns further left as the sources have
 * of a context, which only steps by Winograd's can read. Parts may be made in any order and at the same time.
 *
 * A step with taps begins these rows and completes those that lie `late` above; steps have to follow each other, and the
 * output has to be laid out for @conv->late more pixels in a row than it has, with a reach of a tile at least. It is not done
 * before jf_conv_join().
 */
void
jf_conv_run (const JfConv     *conv,
             const JfFeature **sources,
             int               n_sources,
             const float      *bias,
             int               y,
             int               first,
             int               n,
             JfFeature        *output,
             float            *scratch)
{
  Tiles tiles;

  switch (conv->method)
    {
    case JF_CONV_DIRECT:
      if (conv->late > 0)
        start_rows (conv, y, output);
      run_direct_copies (conv, sources, n_sources, bias, y, output, scratch);
      break;
    case JF_CONV_WINOGRAD:
      locate_parts (conv, &tiles, output, y, first, n, scratch);
      run_winograd (conv, &tiles, sources, n_sources, bias, output);
      break;
    }
}

/**
 * jf_conv_join:
 * @conv:    the step
 * @y:       as in jf_conv_run()
 * @first:   the same
 * @n:       the same
 * @output:  the same
 * @scratch: the same, as it was left
 *
 * Adds the taps of these parts to the rows, which has to be done in the order of parts: neighbours add to the same pixels.
 */
void
jf_conv_join (const JfConv *conv,
              int           y,
              int           first,
              int           n,
              JfFeature    *output,
              float        *scratch)
{
  Tiles tiles;
  int   i, copy;

  if (conv->late == 0)
    return;

  if (conv->method == JF_CONV_WINOGRAD)
    {
      if (first == 0)
        start_rows (conv, y, output);

      locate_parts (conv, &tiles, output, y, first, n, scratch);
      for (i = 0; i < tiles.n_panels; i++)
        for (copy = 0; copy < conv->copies; copy++)
          {
            JfFeature result = feature_of_copy (output, copy, conv->copies);

            add_sums (conv, tiles.taps + (i * conv->copies + copy) * taps_size (conv), tiles.lane[i], tiles.n_vectors[i],
                      y, &result);
          }
    }

  if (conv->tap_relu && first + n == jf_conv_count_parts (conv, output))
    clip_rows (conv, y - conv->late, output);
}
