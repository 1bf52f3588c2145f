/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * band: what both ways of running a network share
 */
#pragma once

#include "band.h"
#include "cascade.h"
#include "graph.h"
#include "schedule.h"
#include "simd.h"

G_BEGIN_DECLS

struct _JfBand
{
  const JfNetwork *network;             /* while it runs; later it may have been freed */
  guint            serial;              /* of the network that it fits, 0 without one */
  int              width;
  float           *noise_bias;          /* of the layer that sees the noise */
  float           *memory;              /* of all that flows and what threads need */
  gsize            capacity;            /* bytes */
  float           *scratch;             /* [JF_BAND_MAX_THREADS][scratch_size] */
  gsize            scratch_size;
  JfSchedule       schedule;
  const JfBandJob *job;                 /* from start to end */
  int              max_threads;

  /* Of a cascade. */
  JfCascadeTile    tile;

  /* Of a graph. */
  JfGraph          graph;
  gsize            features_size;       /* floats at the start of the memory */
  float           *nothing;             /* zeros */
  gboolean         looks_ahead;         /* whether there is a layer that looks at the next panel of its source */
  int              vectors;             /* of the strip */
  int              start;               /* the column that the strip of the result starts with, in blocks */
  int              strip;               /* its number */
  float           *edges;               /* of all layers */
  gsize            edges_capacity;      /* floats */
};

void     jf_band_reserve        (JfBand         *band,
                                 gsize           bytes);
void     jf_band_set_noise_bias (JfBand         *band,
                                 const float    *bias,
                                 int             outputs);
void     jf_band_write_channel  (const JfBand   *band,
                                 int             channel,
                                 int             row,
                                 const float    *values,
                                 gsize           phase_stride,
                                 int             left,
                                 int             column,
                                 int             width);

void     jf_band_fit_cascade    (JfBand         *band);
void     jf_band_start_cascade  (JfBand         *band);
gboolean jf_band_work_cascade   (JfBand         *band,
                                 const JfWorker *worker,
                                 float          *scratch);

void     jf_band_fit_graph      (JfBand         *band);
void     jf_band_start_graph    (JfBand         *band);
gboolean jf_band_work_graph     (JfBand         *band,
                                 JfWorker       *worker,
                                 float          *scratch);

/* Asks for a part of a row of a picture, which is too short for the processor to foresee. */
static inline void
jf_band_prefetch_row (const float *from,
                      int          n)
{
  int x;

  for (x = 0; x < n; x += JF_LINE_FLOATS)
    __builtin_prefetch (from + x, 0, 2);
}

G_END_DECLS
