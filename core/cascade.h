/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cascade: layers of 3x3 kernels, one after the other without leaving the cache
 */
#pragma once

#include "feature.h"
#include "gemm.h"
#include "model.h"

G_BEGIN_DECLS

/* Rows of tiles that are made at a time, and pixels. */
#define JF_CASCADE_TILE_ROWS  2
#define JF_CASCADE_BLOCK_ROWS (JF_CASCADE_TILE_ROWS * JF_TILE)

/* Rows that a block of the first layer reads. */
#define JF_CASCADE_ROWS       (JF_CASCADE_BLOCK_ROWS + 2)

/* Floats from the start of a phase of a row to its first lane. The lane before belongs to what lies left. */
#define JF_CASCADE_LEAD       16

/* The layers' weights, packed for this CPU. Immutable. */
typedef struct _JfCascade JfCascade;

/* A picture, cut into strips from left to right, and these into blocks of rows from top to bottom. A part is a block of rows of
 * a strip: its number is strip * n_blocks + block.
 */
typedef struct
{
  int    width;
  int    height;
  int    n_strips;
  int    n_blocks;      /* of a strip, with those that only some of the layers have         */

  /*< private >*/
  int    n_before;      /* of them, those above the first that all layers have               */
  float *carry;         /* the last rows of every layer but the last, for the next block    */
  float *edges;         /* the last columns, for the next strip                             */
  gsize  edges_capacity;
} JfCascadeTile;

/* Where the tiles and the products of a layer lie. */
typedef struct _JfCascadeLayout JfCascadeLayout;

/* What one thread needs to make a part. Rows and columns are the tile's. */
typedef struct
{
  int    top;           /* of the result: the first row, which is less than 0 where not all layers are made */
  int    left;
  int    right;
  int    column;        /* the result's in lane 0 and phase 0; that of the input is as many pixels further as there are layers */
  int    first_row;     /* of the input                                             */
  int    min_row;       /* that there is, and last one                              */
  int    max_row;
  int    vectors;       /* of JF_LANES lanes                                        */
  int    n_layers;      /* that the part has                                        */
  gsize  phase_stride;
  float *rows;          /* [channels][JF_CASCADE_ROWS][JF_TILE][phase_stride]       */

  /*< private >*/
  const JfCascade     *cascade;
  const JfCascadeTile *tile;
  int                  strip;
  int                  block;
  gsize                row_stride;
  float               *panels;
  JfCascadeLayout     *layouts;     /* [2]: of an even layer and an odd one, the one that is made and the next */
} JfCascadePart;

gboolean      jf_cascade_suits                (const JfLayer       *layers,
                                               int                  n_layers);
JfCascade   * jf_cascade_new                  (const JfGemm        *gemm,
                                               const JfLayer       *layers,
                                               int                  n_layers,
                                               int                  input_channels);
void          jf_cascade_free                 (JfCascade           *cascade);
int           jf_cascade_get_n_layers         (const JfCascade     *cascade);
int           jf_cascade_get_outputs          (const JfCascade     *cascade,
                                               int                  number);
const float * jf_cascade_get_bias             (const JfCascade     *cascade,
                                               int                  number);
gsize         jf_cascade_get_max_phase_stride (const JfCascade     *cascade);
gsize         jf_cascade_get_carry_size       (const JfCascade     *cascade);
gsize         jf_cascade_get_part_size        (const JfCascade     *cascade);

void          jf_cascade_start_tile           (const JfCascade     *cascade,
                                               JfCascadeTile       *tile,
                                               int                  width,
                                               int                  height);
void          jf_cascade_clear_tile           (JfCascadeTile       *tile);
int           jf_cascade_find_earlier         (const JfCascade     *cascade,
                                               const JfCascadeTile *tile,
                                               int                  number,
                                               int                  layer);

void          jf_cascade_start_part           (const JfCascade     *cascade,
                                               const JfCascadeTile *tile,
                                               int                  number,
                                               float               *memory,
                                               JfCascadePart       *part);
void          jf_cascade_read                 (const JfCascadePart *part,
                                               int                  channel,
                                               int                  n);
void          jf_cascade_multiply             (const JfCascadePart *part,
                                               int                  number);
void          jf_cascade_pass_on              (const JfCascadePart *part,
                                               int                  number,
                                               const float         *bias);
const float * jf_cascade_make                 (const JfCascadePart *part,
                                               int                  channel);

G_END_DECLS
