/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv-winograd: convolution by Winograd's tiles
 *
 * A kernel larger than 3x3 is cut into 3x3 kernels (the last ones padded with zeros), whose products add up in the transform
 * domain (winograd.c): they are more depth for the same 64 products.
 */
#include "conv-private.h"
#include "winograd.h"

/* Panels of tiles that are multiplied with the weights of a group while these are in the second-level cache, and the floats
 * that they may fill: 640 KiB of a cache of 1 MiB, and no faster with more in one of 2 MiB. One panel has to be.
 */
#define MAX_PANELS  4
#define PANEL_CACHE (160 * 1024)

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

/* Floats between two of the 64 matrices of a panel's tiles, and of a group's products. */
static gsize
tile_stride (const JfConv *conv)
{
  return jf_round_to_odd_lines ((gsize) MAX (conv->depth, conv->shared_depth) * conv->gemm->pixels);
}

static gsize
product_stride (const JfConv *conv)
{
  return jf_round_to_odd_lines (jf_conv_panel_size (conv->gemm, conv->group));
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

/*  weights  */

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

  packed = jf_gemm_allocate (jf_gemm_round_outputs (conv->gemm, conv->outputs) * size, JF_LINE_BYTES);
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

/*  tiles  */

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
  gsize       stride = pixel_stride (conv);
  JfConvPanel panel;
  int         i, phase;

  for (i = 0; i < JF_TILE; i++)
    for (phase = 0; phase < JF_TILE; phase++)
      {
        jf_conv_locate_panel (&panel, phase * output->vectors + tiles->lane[index] / JF_LANES, tiles->n_vectors[index],
                              output->vectors);
        jf_conv_finish_panel (conv, tiles->pixels[index] + (i * JF_TILE + phase) * stride, &panel,
                              tiles->y + i, output, tiles->scratch);
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
      jf_conv_sum_tile_taps (conv, tiles->pixels[i], pixel_stride (conv), tiles->n_vectors[i],
                             tiles->taps + (i * conv->copies + copy) * jf_conv_tile_taps_size (conv), tiles->scratch);
    else if (conv->pointwise->len > 0)
      finish_tiles (conv, tiles, i, output);
}

static void
run_copies (const JfConv     *conv,
            const Tiles      *tiles,
            const JfFeature **sources,
            int               n_sources,
            const float      *bias,
            JfFeature        *output)
{
  int copy, i;

  for (i = 0; i < tiles->n_panels && conv->shared > 0; i++)
    {
      transform_tiles (conv, sources, 1, tiles->y, tiles->lane[i], tiles->n_vectors[i], tiles->tiles[i]);
      make_shared_pixels (conv, tiles, i, bias);
    }

  for (copy = 0; copy < conv->copies; copy++)
    {
      JfFeature        input  = jf_conv_feature_of_copy (sources[n_sources - 1], copy, conv->copies);
      JfFeature        result = jf_conv_feature_of_copy (output, copy, conv->copies);
      const JfFeature *own    = &input;

      run_tiles (conv, tiles, &own, 1, bias, copy, &result);
    }
}

/*  public functions  */

/**
 * jf_conv_init_winograd:
 * @conv:    (inout): a step, with its channels and kernel
 * @weights: see jf_conv_init()
 *
 * Lays the step out and packs its weights.
 */
void
jf_conv_init_winograd (JfConv      *conv,
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
  jf_conv_lay_out_panels (conv);

  conv->shared_weights = pack_groups (conv, weights, 0, conv->shared);
  conv->weights        = pack_groups (conv, weights, conv->shared, conv->inputs);
}

/**
 * jf_conv_lay_out_panels:
 * @conv: (inout): a step from jf_conv_init_winograd()
 *
 * Finds how many panels are best made at a time, and what scratch they need. Of a step that the first pointwise layer or taps
 * have just been added to it has to be done again, before these add what they need themselves.
 */
void
jf_conv_lay_out_panels (JfConv *conv)
{
  gsize products = JF_WINOGRAD_PRODUCTS * product_stride (conv);

  conv->panels      = (int) CLAMP (PANEL_CACHE / (panel_scratch (conv) + products), 1, MAX_PANELS);
  conv->panels_size = conv->panels * panel_scratch (conv) + products;
  conv->scratch     = conv->panels_size;
}

/**
 * jf_conv_run_winograd:
 * @conv:      a step from jf_conv_init_winograd()
 * @sources:   see jf_conv_run()
 * @n_sources: how many
 * @bias:      see jf_conv_run()
 * @y:         the first row to make
 * @first:     the first panel
 * @n:         how many
 * @output:    where to
 * @scratch:   see jf_conv_run()
 *
 * Makes panels of tiles of all copies. The sums of taps are left in @scratch, for jf_conv_join_winograd().
 */
void
jf_conv_run_winograd (const JfConv     *conv,
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

  locate_parts (conv, &tiles, output, y, first, n, scratch);
  if (conv->copies == 1)
    run_tiles (conv, &tiles, sources, n_sources, bias, 0, output);
  else
    run_copies (conv, &tiles, sources, n_sources, bias, output);
}

/**
 * jf_conv_join_winograd:
 * @conv:    a step with taps
 * @y:       as in jf_conv_run_winograd()
 * @first:   the same
 * @n:       the same
 * @output:  the same
 * @scratch: the same, as it was left
 *
 * Adds the taps of these panels to the rows.
 */
void
jf_conv_join_winograd (const JfConv *conv,
                       int           y,
                       int           first,
                       int           n,
                       JfFeature    *output,
                       float        *scratch)
{
  Tiles tiles;
  int   i, copy;

  if (first == 0)
    jf_conv_start_rows (conv, y, output);

  locate_parts (conv, &tiles, output, y, first, n, scratch);
  for (i = 0; i < tiles.n_panels; i++)
    for (copy = 0; copy < conv->copies; copy++)
      {
        JfFeature result = jf_conv_feature_of_copy (output, copy, conv->copies);

        jf_conv_add_tile_taps (conv, tiles.taps + (i * conv->copies + copy) * jf_conv_tile_taps_size (conv),
                               tiles.lane[i], tiles.n_vectors[i], y, &result);
      }
}
