/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cascade: layers of 3x3 kernels, one after the other without leaving the cache
 *
 * A layer by Winograd's F(6x6,3x3) is three steps: tiles of pixels are transformed, multiplied and transformed back. For 48
 * channels the transforms take half as long as the products, and most of that is waiting for the second-level cache. Here the
 * last step of a layer and the first one of the next are one, channel by channel: the pixels between them, all rows of the
 * block, stay in the first-level cache, and tiles are written where products have just been read. The products take the place
 * of the tiles as well, one matrix of the 64 further to the front.
 *
 * What a layer makes is nowhere else, except for what the next one wants later: the last two rows, for the block of rows below
 * ("carry"), and the last two columns, for the strip to the right ("edges"). The block of a layer ends one row above that of
 * the one before it and its strip one column further left, so nothing is made twice. The first blocks and the first strip start
 * where a layer has something that others need, so far as whole vectors and tiles allow.
 *
 * A block of rows is made by one thread. Another one may make the next block at the same time, a layer behind.
 */
#include <string.h>

#include "cascade.h"
#include "pages.h"
#include "simd.h"
#include "winograd.h"

/* Columns of a vector. */
#define COLUMNS (JF_TILE * JF_LANES)

/* Columns to the left, and rows above, that a tile reads. */
#define CONTEXT (JF_WINOGRAD_KERNEL - 1)

/* Vectors of a strip, at least. */
#define MIN_STRIP 2

/* Floats of a channel's edges in a block. */
#define EDGE_SIZE (JF_CASCADE_BLOCK_ROWS * CONTEXT)

typedef struct
{
  int    inputs;
  int    outputs;
  float *weights;       /* [product][depth][output], in panels */
  float *bias;
  gsize  first;         /* how many outputs the layers before have */
} Layer;

struct _JfCascade
{
  const JfGemm *gemm;
  Layer        *layers;
  int           n_layers;
  int           input_channels;     /* that are read at a time                          */
  int           strip;              /* vectors of all strips but the first              */
  int           max_strip;
  gsize         outputs;            /* of all layers but the last                       */
  gsize         max_phase_stride;
  gsize         max_row_stride;
  gsize         product_stride;     /* floats from one of the 64 matrices to the next   */
  gsize         panel_stride;       /* and from one panel to the next                   */
  gsize         rows_size;
  gsize         panels_size;
  float        *weights;            /* of all layers                                    */
  float        *nothing;            /* two rows of zeros                                */
};

/* Vectors of a row of tiles that lie next to each other in a panel. */
typedef struct
{
  int    tile_row;
  int    lane;
  int    n_vectors;
  float *rows[JF_WINOGRAD_SIDE];    /* that the tiles are made of; of the last six their products make the next ones */
  float *products;                  /* of channel 0; its tiles are one matrix further */
} Piece;

/* Of two rows of the widest strip, as wide as the widest panel and a half and a vector, and all of it single vectors at worst. */
#define MAX_PIECES (JF_CASCADE_TILE_ROWS * (JF_GEMM_MAX_PIXELS / JF_LANES * 3 / 2 + 1))

struct _JfCascadeLayout
{
  Piece pieces[MAX_PIECES];
  int   n_pieces;
  int   n_panels;
  int   first_lane;
  int   first_tile_row;
  int   end_tile_row;
};

#define LAYOUT_FLOATS (sizeof (JfCascadeLayout) / sizeof (float))

/*  private functions  */

/* Pixels by which a layer has more than the tile, on every side. */
static int
get_margin (const JfCascade *cascade,
            int              layer)
{
  return cascade->n_layers - 1 - layer;
}

static int
divide_up (int a,
           int b)
{
  return (a + b - 1) / b;
}

/* Where a block of rows of a layer ends, in the layer's own rows. */
static int
get_end (const JfCascade     *cascade,
         const JfCascadeTile *tile,
         int                  block,
         int                  layer)
{
  return (block - tile->n_before + 1) * JF_CASCADE_BLOCK_ROWS + 2 * get_margin (cascade, layer);
}

/* The right end of a strip of the result. */
static int
get_right (const JfCascade     *cascade,
           const JfCascadeTile *tile,
           int                  strip)
{
  return tile->width - (tile->n_strips - 1 - strip) * cascade->strip * COLUMNS;
}

/* The first strip has what is left of whole ones, and all that layers have to the left of the result. */
static int
count_vectors (const JfCascade     *cascade,
               const JfCascadeTile *tile,
               int                  strip,
               int                  layer)
{
  if (strip > 0)
    return cascade->strip;

  return divide_up (get_right (cascade, tile, 0) + 2 * get_margin (cascade, layer), COLUMNS);
}

static void
add_piece (JfCascadeLayout     *layout,
           const JfCascadePart *part,
           int                  tile_row,
           int                  lane,
           int                  n_vectors,
           int                  at)
{
  const JfCascade *cascade = part->cascade;
  int              pixels  = cascade->gemm->pixels;
  int              lanes   = at * JF_LANES;
  Piece           *piece   = &layout->pieces[layout->n_pieces++];
  int              i;

  *piece = (Piece) { .tile_row = tile_row, .lane = lane, .n_vectors = n_vectors,
                     .products = part->panels + lanes / pixels * cascade->panel_stride + lanes % pixels };
  for (i = 0; i < JF_WINOGRAD_SIDE; i++)
    piece->rows[i] = part->rows + (tile_row * JF_TILE + i) * part->row_stride + JF_CASCADE_LEAD + lane;

  layout->n_panels = lanes / pixels + 1;
}

static JfCascadeLayout *
get_layout (const JfCascadePart *part,
            int                  layer)
{
  return &part->layouts[layer % 2];
}

/* The panels of a layer: whole ones of a row of tiles, and what remains at the ends of rows together. */
static void
lay_out (const JfCascadePart *part,
         int                  layer)
{
  const JfCascade *cascade = part->cascade;
  const JfGemm    *gemm    = cascade->gemm;
  int              margin  = get_margin (cascade, layer);
  int              start   = get_end (cascade, part->tile, part->block, layer) - JF_CASCADE_BLOCK_ROWS;
  int              height  = part->tile->height + 2 * margin;
  int              vectors = gemm->pixels / JF_LANES;
  int              n       = count_vectors (cascade, part->tile, part->strip, layer);
  int              first   = part->vectors - n;
  int              at      = 0;
  JfCascadeLayout *layout  = get_layout (part, layer);
  int              row, v;

  layout->n_pieces       = 0;
  layout->n_panels       = 0;
  layout->first_lane     = first * JF_LANES;
  layout->first_tile_row = start <= -JF_TILE ? 1 : 0;
  layout->end_tile_row   = MIN (divide_up (height - start, JF_TILE), JF_CASCADE_TILE_ROWS);

  for (v = first; v + vectors <= part->vectors; v += vectors)
    for (row = layout->first_tile_row; row < layout->end_tile_row; row++, at += vectors)
      add_piece (layout, part, row, v * JF_LANES, vectors, at);

  for (; v < part->vectors; v++)
    for (row = layout->first_tile_row; row < layout->end_tile_row; row++, at++)
      add_piece (layout, part, row, v * JF_LANES, 1, at);
}

/* Of a layer. */
static gsize
count_weights (const JfCascade *cascade,
               int              number)
{
  const Layer *layer = &cascade->layers[number];

  return JF_WINOGRAD_PRODUCTS * (gsize) jf_gemm_round_outputs (cascade->gemm, layer->outputs) * layer->inputs;
}

static void
pack_layer (const JfGemm  *gemm,
            const JfLayer *layer,
            float         *packed)
{
  gsize             size        = (gsize) layer->inputs * JF_WINOGRAD_PRODUCTS;
  g_autofree float *transformed = g_new (float, layer->outputs * size);
  gsize             area        = JF_WINOGRAD_KERNEL * JF_WINOGRAD_KERNEL;
  gsize             k;
  int               product;

  for (k = 0; k < (gsize) layer->outputs * layer->inputs; k++)
    jf_winograd_transform_kernel (layer->weight + k * area, JF_WINOGRAD_KERNEL, JF_WINOGRAD_KERNEL, JF_WINOGRAD_KERNEL,
                                  transformed + k * JF_WINOGRAD_PRODUCTS);

  for (product = 0; product < JF_WINOGRAD_PRODUCTS; product++)
    jf_gemm_pack_weights (gemm, layer->outputs, layer->inputs, transformed + product, size, JF_WINOGRAD_PRODUCTS,
                          packed + product * (gsize) jf_gemm_round_outputs (gemm, layer->outputs) * layer->inputs);
}

/* Strips are as wide as a panel, and no tile is so narrow that the first one has nothing: half a strip more is part of it. */
static void
lay_out_strips (JfCascade *cascade)
{
  int vectors = cascade->gemm->pixels / JF_LANES;

  cascade->strip     = MAX (vectors, MIN_STRIP);
  cascade->max_strip = cascade->strip + cascade->strip / 2 + divide_up (2 * get_margin (cascade, 0), COLUMNS);
}

/* Floats from one phase of a row to the next, for so many vectors. */
static gsize
get_phase_stride (int vectors)
{
  return JF_CASCADE_LEAD + jf_round_to_lines (vectors * JF_LANES);
}

static void
lay_out_memory (JfCascade *cascade)
{
  gsize pixels   = cascade->gemm->pixels;
  int   lanes    = JF_CASCADE_TILE_ROWS * cascade->max_strip * JF_LANES;
  gsize channels = 0;
  int   l;

  for (l = 0; l < cascade->n_layers; l++)
    {
      Layer *layer = &cascade->layers[l];

      layer->first      = cascade->outputs;
      cascade->outputs += l < cascade->n_layers - 1 ? layer->outputs : 0;
      channels          = MAX (channels, (gsize) MAX (layer->inputs, jf_gemm_round_outputs (cascade->gemm, layer->outputs)));
    }

  cascade->max_phase_stride = get_phase_stride (cascade->max_strip);
  cascade->max_row_stride   = JF_TILE * cascade->max_phase_stride;
  cascade->product_stride   = jf_round_to_odd_lines (channels * pixels);
  cascade->panel_stride     = (JF_WINOGRAD_PRODUCTS + 1) * cascade->product_stride;
  cascade->rows_size        = cascade->input_channels * JF_CASCADE_ROWS * cascade->max_row_stride;
  cascade->panels_size      = divide_up (lanes, cascade->gemm->pixels) * cascade->panel_stride;
  cascade->nothing          = g_new0 (float, CONTEXT * cascade->max_row_stride);
}

static void
pack_weights (JfCascade     *cascade,
              const JfLayer *layers)
{
  gsize  size = 0;
  float *packed;
  int    l;

  for (l = 0; l < cascade->n_layers; l++)
    size += count_weights (cascade, l);

  packed = cascade->weights = jf_gemm_allocate (size, JF_LARGE_PAGE);
  jf_pages_enlarge (packed, size * sizeof (float));
  for (l = 0; l < cascade->n_layers; l++)
    {
      pack_layer (cascade->gemm, &layers[l], packed);
      cascade->layers[l].weights = packed;
      packed                    += count_weights (cascade, l);
    }
}

/*  passing on  */

/* The pixels of a channel of a layer, from its products. */
static void
make_rows (const JfCascadePart   *part,
           const JfCascadeLayout *layout,
           int                    channel,
           const float           *bias,
           gboolean               relu)
{
  const JfCascade *cascade = part->cascade;
  int              pixels  = cascade->gemm->pixels;
  const Piece     *piece;

  for (piece = layout->pieces; piece < layout->pieces + layout->n_pieces; piece++)
    jf_winograd_transform_output (piece->products + channel * pixels, cascade->product_stride, pixels, 1, piece->n_vectors,
                                  bias, NULL, 0, relu, piece->rows + CONTEXT, part->phase_stride, 0);
}

/* Puts the last columns of the strip before to the left of these rows, and keeps theirs for the next one. */
static void
exchange_edges (const JfCascadePart   *part,
                const JfCascadeLayout *layout,
                float                 *edges)
{
  gboolean         follows   = part->strip > 0;
  gboolean         continues = part->strip < part->tile->n_strips - 1;
  int              left      = JF_CASCADE_LEAD + layout->first_lane - 1;
  int              right     = JF_CASCADE_LEAD + part->vectors * JF_LANES - 1;
  int              row, i;

  for (row = layout->first_tile_row * JF_TILE; row < layout->end_tile_row * JF_TILE; row++)
    for (i = 0; i < CONTEXT; i++)
      {
        float *phase = part->rows + (CONTEXT + row) * part->row_stride + (JF_TILE - CONTEXT + i) * part->phase_stride;
        float *edge  = edges + row * CONTEXT + i;

        phase[left] = follows ? *edge : 0.0f;
        if (continues)
          *edge = phase[right];
      }
}

/* Lets the first rows of tiles be made of what lies above them. */
static void
set_above (const JfCascadePart *part,
           JfCascadeLayout     *layout,
           int                  first_tile_row,
           float               *above)
{
  Piece *piece;
  int    i;

  for (piece = layout->pieces; piece < layout->pieces + layout->n_pieces; piece++)
    for (i = 0; i < CONTEXT && piece->tile_row == first_tile_row; i++)
      piece->rows[i] = above + i * part->row_stride + JF_CASCADE_LEAD + piece->lane;
}

/* Lets all tiles be made of rows that lie elsewhere. */
static void
move_rows (JfCascadeLayout *layout,
           gssize           by)
{
  Piece *piece;
  int    i;

  for (piece = layout->pieces; piece < layout->pieces + layout->n_pieces; piece++)
    for (i = 0; i < JF_WINOGRAD_SIDE; i++)
      piece->rows[i] += by;
}

/* The tiles of a channel of a layer, from its input's pixels. */
static void
make_tiles (const JfCascadePart   *part,
            const JfCascadeLayout *layout,
            int                    channel)
{
  const JfCascade *cascade = part->cascade;
  int              pixels  = cascade->gemm->pixels;
  const Piece     *piece;

  for (piece = layout->pieces; piece < layout->pieces + layout->n_pieces; piece++)
    jf_winograd_transform_input ((const float *const *) piece->rows, part->phase_stride, 0, 1, piece->n_vectors, -CONTEXT,
                                 NULL, 0, piece->products + cascade->product_stride + channel * pixels, pixels,
                                 cascade->product_stride);
}

/* Asks for what was carried of a channel: it comes from the third-level cache. */
static void
prefetch_carry (const float *carry,
                gsize        n)
{
  gsize i;

  for (i = 0; i < n; i += JF_LINE_FLOATS)
    __builtin_prefetch (carry + i, 1);
}

/*  public functions  */

/**
 * jf_cascade_suits:
 * @layers:   a stack
 * @n_layers: how many
 *
 * Returns: whether it can be made by a cascade
 */
gboolean
jf_cascade_suits (const JfLayer *layers,
                  int            n_layers)
{
  int l;

  for (l = 0; l < n_layers; l++)
    if (layers[l].kernel != JF_WINOGRAD_KERNEL)
      return FALSE;

  return n_layers > 1 && 2 * (n_layers - 1) <= COLUMNS;
}

/**
 * jf_cascade_new:
 * @gemm:           what to multiply with
 * @layers:         layers that suit
 * @n_layers:       how many
 * @input_channels: up to how many channels of the input will be read at a time
 *
 * Packs the weights. All layers but the last clip negative results.
 *
 * Returns: (transfer full): free with jf_cascade_free()
 */
JfCascade *
jf_cascade_new (const JfGemm  *gemm,
                const JfLayer *layers,
                int            n_layers,
                int            input_channels)
{
  JfCascade *cascade = g_new0 (JfCascade, 1);
  int        l;

  cascade->gemm           = gemm;
  cascade->n_layers       = n_layers;
  cascade->input_channels = input_channels;
  cascade->layers         = g_new0 (Layer, n_layers);
  for (l = 0; l < n_layers; l++)
    cascade->layers[l] = (Layer) { .inputs = layers[l].inputs, .outputs = layers[l].outputs,
                                   .bias = g_memdup2 (layers[l].bias, layers[l].outputs * sizeof (float)) };
  lay_out_strips (cascade);
  lay_out_memory (cascade);
  pack_weights (cascade, layers);

  return cascade;
}

/**
 * jf_cascade_free:
 * @cascade: (nullable): a cascade
 */
void
jf_cascade_free (JfCascade *cascade)
{
  int l;

  if (! cascade)
    return;

  for (l = 0; l < cascade->n_layers; l++)
    g_free (cascade->layers[l].bias);
  g_free (cascade->layers);
  g_free (cascade->nothing);
  g_aligned_free (cascade->weights);
  g_free (cascade);
}

/**
 * jf_cascade_get_n_layers:
 * @cascade: a cascade
 *
 * Returns: how many layers it has
 */
int
jf_cascade_get_n_layers (const JfCascade *cascade)
{
  return cascade->n_layers;
}

/**
 * jf_cascade_get_outputs:
 * @cascade: a cascade
 * @number:  a layer
 *
 * Returns: its channels
 */
int
jf_cascade_get_outputs (const JfCascade *cascade,
                        int              number)
{
  return cascade->layers[number].outputs;
}

/**
 * jf_cascade_get_bias:
 * @cascade: a cascade
 * @number:  a layer
 *
 * Returns: (transfer none): its biases
 */
const float *
jf_cascade_get_bias (const JfCascade *cascade,
                     int              number)
{
  return cascade->layers[number].bias;
}

/**
 * jf_cascade_get_max_phase_stride:
 * @cascade: a cascade
 *
 * Returns: the largest @phase_stride of a part
 */
gsize
jf_cascade_get_max_phase_stride (const JfCascade *cascade)
{
  return cascade->max_phase_stride;
}

/**
 * jf_cascade_get_carry_size:
 * @cascade: a cascade
 *
 * Returns: floats that a tile needs for @carry
 */
gsize
jf_cascade_get_carry_size (const JfCascade *cascade)
{
  return cascade->outputs * CONTEXT * cascade->max_row_stride;
}

/**
 * jf_cascade_get_part_size:
 * @cascade: a cascade
 *
 * Returns: floats that a thread needs to make parts
 */
gsize
jf_cascade_get_part_size (const JfCascade *cascade)
{
  return cascade->rows_size + cascade->panels_size + jf_round_to_lines (2 * LAYOUT_FLOATS);
}

/**
 * jf_cascade_start_tile:
 * @cascade: a cascade
 * @tile:    (inout): a tile, of zeros at first; its @carry has to be set
 * @width:   pixels of the result
 * @height:  the same
 *
 * Cuts a tile into parts.
 */
void
jf_cascade_start_tile (const JfCascade *cascade,
                       JfCascadeTile   *tile,
                       int              width,
                       int              height)
{
  int   vectors = divide_up (width, COLUMNS);
  int   more    = (vectors - 1) / cascade->strip;
  gsize size;

  if (more > 0 && vectors - more * cascade->strip <= cascade->strip / 2)
    more--;

  tile->width    = width;
  tile->height   = height;
  tile->n_strips = more + 1;
  tile->n_before = divide_up (2 * get_margin (cascade, 0), JF_CASCADE_BLOCK_ROWS);
  tile->n_blocks = tile->n_before + divide_up (height, JF_CASCADE_BLOCK_ROWS);

  size = tile->n_blocks * cascade->outputs * EDGE_SIZE;
  if (size > tile->edges_capacity)
    {
      g_free (tile->edges);
      tile->edges          = g_new (float, size);
      tile->edges_capacity = size;
    }
}

/**
 * jf_cascade_clear_tile:
 * @tile: a tile
 */
void
jf_cascade_clear_tile (JfCascadeTile *tile)
{
  g_clear_pointer (&tile->edges, g_free);
  tile->edges_capacity = 0;
}

/**
 * jf_cascade_find_earlier:
 * @cascade: a cascade
 * @tile:    a tile that was started
 * @number:  of a part
 * @layer:   one that it has
 *
 * Returns: the part that has to have passed this layer on before, or -1. With it all earlier ones have that have this layer.
 */
int
jf_cascade_find_earlier (const JfCascade     *cascade,
                         const JfCascadeTile *tile,
                         int                  number,
                         int                  layer)
{
  int block = number % tile->n_blocks;

  if (block > 0 && get_end (cascade, tile, block - 1, layer) > 0)
    return number - 1;

  return number - block - 1;
}

/**
 * jf_cascade_start_part:
 * @cascade: a cascade
 * @tile:    a tile that was started
 * @number:  which part
 * @memory:  jf_cascade_get_part_size() floats, 64-byte aligned
 * @part:    (out): the part
 */
void
jf_cascade_start_part (const JfCascade     *cascade,
                       const JfCascadeTile *tile,
                       int                  number,
                       float               *memory,
                       JfCascadePart       *part)
{
  int margin = get_margin (cascade, 0);
  int l;

  *part = (JfCascadePart) { .cascade = cascade, .tile = tile,
                            .strip = number / tile->n_blocks, .block = number % tile->n_blocks,
                            .min_row = -margin - 1, .max_row = tile->height + margin,
                            .rows = memory, .panels = memory + cascade->rows_size };

  part->layouts      = (JfCascadeLayout *) (part->panels + cascade->panels_size);
  part->vectors      = count_vectors (cascade, tile, part->strip, 0);
  part->phase_stride = get_phase_stride (part->vectors);
  part->row_stride   = JF_TILE * part->phase_stride;
  part->top          = (part->block - tile->n_before) * JF_CASCADE_BLOCK_ROWS;
  part->left         = part->strip > 0 ? get_right (cascade, tile, part->strip - 1) : 0;
  part->right        = get_right (cascade, tile, part->strip);
  part->column       = part->right - part->vectors * COLUMNS;
  part->first_row    = part->top + margin - 1;

  for (l = 0; l < cascade->n_layers && get_end (cascade, tile, part->block, l) > 0; l++)
    part->n_layers++;
  lay_out (part, 0);
}

/**
 * jf_cascade_read:
 * @part:    a part
 * @channel: the first channel of the input
 * @n:       how many lie in @part->rows
 *
 * Transforms them, for the first layer.
 */
void
jf_cascade_read (const JfCascadePart *part,
                 int                  channel,
                 int                  n)
{
  JfCascadeLayout *layout = get_layout (part, 0);
  gssize           size   = JF_CASCADE_ROWS * part->row_stride;
  int              i;

  for (i = 0; i < n; i++)
    {
      make_tiles (part, layout, channel + i);
      move_rows (layout, size);
    }
  move_rows (layout, -n * size);
}

/**
 * jf_cascade_multiply:
 * @part:   a part
 * @number: a layer that it has
 *
 * Multiplies a layer's tiles, once they are made.
 */
void
jf_cascade_multiply (const JfCascadePart *part,
                     int                  number)
{
  const JfCascade *cascade = part->cascade;
  const Layer     *layer   = &cascade->layers[number];
  gsize            stride  = cascade->product_stride;
  gsize            size    = count_weights (cascade, number) / JF_WINOGRAD_PRODUCTS;
  int              product;

  for (product = 0; product < JF_WINOGRAD_PRODUCTS; product++)
    jf_gemm_multiply (cascade->gemm, &(JfProduct) { .outputs = layer->outputs, .depth = layer->inputs,
                                                    .lanes = cascade->gemm->pixels,
                                                    .weights = layer->weights + product * size,
                                                    .pixels = part->panels + (product + 1) * stride,
                                                    .product = part->panels + product * stride,
                                                    .stride = cascade->gemm->pixels,
                                                    .repeats = get_layout (part, number)->n_panels - 1, .same_weights = TRUE,
                                                    .pixels_step = cascade->panel_stride,
                                                    .product_step = cascade->panel_stride });
}

/**
 * jf_cascade_pass_on:
 * @part:   a part
 * @number: a layer that it has, which is not the last of all
 * @bias:   one per output of the layer
 *
 * Makes the next layer's tiles of a layer's products, if the part has it. What jf_cascade_find_earlier() names has to be done.
 */
void
jf_cascade_pass_on (const JfCascadePart *part,
                    int                  number,
                    const float         *bias)
{
  const JfCascade     *cascade = part->cascade;
  const JfCascadeTile *tile    = part->tile;
  const Layer         *layer   = &cascade->layers[number];
  gsize                rows    = CONTEXT * part->row_stride;
  gboolean             is_new  = part->block == 0 || get_end (cascade, tile, part->block - 1, number) <= 0;
  float               *carry   = tile->carry + layer->first * rows;
  float               *edges   = tile->edges + (part->block * cascade->outputs + layer->first) * EDGE_SIZE;
  JfCascadeLayout     *layout  = get_layout (part, number);
  JfCascadeLayout     *next    = get_layout (part, number + 1);
  int                  channel;

  lay_out (part, number + 1);
  for (channel = 0; channel < layer->outputs; channel++, carry += rows, edges += EDGE_SIZE)
    {
      prefetch_carry (carry + rows, rows);
      make_rows (part, layout, channel, bias + channel, TRUE);
      exchange_edges (part, layout, edges);
      if (number + 1 < part->n_layers)
        {
          set_above (part, next, layout->first_tile_row, is_new ? cascade->nothing : carry);
          make_tiles (part, next, channel);
        }
      memcpy (carry, part->rows + layout->end_tile_row * JF_TILE * part->row_stride, rows * sizeof (float));
    }
}

/**
 * jf_cascade_make:
 * @part:    a part that has all layers
 * @channel: a channel of the result
 *
 * Returns: (transfer none): its rows, from @part->top on: [JF_CASCADE_BLOCK_ROWS][JF_TILE][phase_stride]. The next call replaces
 *   them.
 */
const float *
jf_cascade_make (const JfCascadePart *part,
                 int                  channel)
{
  const JfCascade *cascade = part->cascade;
  int              last    = cascade->n_layers - 1;

  make_rows (part, get_layout (part, last), channel, cascade->layers[last].bias + channel, FALSE);

  return part->rows + CONTEXT * part->row_stride;
}
