/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * network: the three sub-networks over one band of rows
 */
#pragma once

#include "gemm.h"
#include "model.h"
#include "noise.h"
#include "planes.h"

G_BEGIN_DECLS

typedef enum
{
  JF_NETWORK_FASTEST,   /* for every layer the method with the least estimated time     */
  JF_NETWORK_DIRECT     /* direct convolution throughout: the reference in tests        */
} JfNetworkMethod;

/* How many threads may work on a tile together. */
#define JF_BAND_MAX_THREADS 16

/* A model's weights, packed for this CPU and for one kind of picture. Immutable. */
typedef struct _JfNetwork JfNetwork;

/* The rows that flow between the layers of a network, for one tile at a time. */
typedef struct _JfBand JfBand;

/* Called after every few rows, in their order, in any of the threads, with what was made, in blocks; FALSE stops the band. Also
 * called with NULL, after every other part of the work in the thread that did it.
 */
typedef gboolean (* JfBandFunc) (const JfRegion *made,
                                 gpointer        data);

/* What a band works on. Positions and sizes of `tile` are in blocks of space_to_depth² pixels. */
typedef struct
{
  const JfPlanes *target;
  const JfPlanes *guidance;
  JfNoise         noise;
  JfRegion        tile;         /* what to compute: all of a tile or one of its strips */
  gboolean        follows;      /* it is a strip and the band has just made the one left of it */
  gboolean        continues;    /* and will make the one right of it                  */
  JfRegion        region;       /* the part of the target that `output` shows, pixels  */
  JfPlanes       *output;
  JfBandFunc      func;         /* (nullable) */
  gpointer        data;
} JfBandJob;

JfNetwork * jf_network_new      (const JfModel    *model,
                                 JfGemmPath        path,
                                 JfNetworkMethod   method,
                                 int               target_planes,
                                 int               guidance_planes);
void        jf_network_free     (JfNetwork        *network);
int         jf_network_get_halo (const JfNetwork  *network);
int         jf_network_get_widest_tile
                                (const JfNetwork  *network);

gboolean    jf_network_has_exact_rows
                                (const JfNetwork  *network);
gboolean    jf_network_runs_in_strips
                                (const JfNetwork  *network);
gboolean    jf_network_is_cascade
                                (const JfNetwork  *network);

JfBand    * jf_band_new         (void);
void        jf_band_free        (JfBand           *band);
gboolean    jf_band_fits        (const JfBand     *band,
                                 const JfNetwork  *network,
                                 int               width);
void        jf_band_fit         (JfBand           *band,
                                 const JfNetwork  *network,
                                 int               width);
int         jf_band_get_strip   (const JfBand     *band,
                                 gboolean          first);
int         jf_band_get_max_threads
                                (const JfBand     *band);
void        jf_band_start       (JfBand           *band,
                                 const JfBandJob  *job);
void        jf_band_work        (JfBand           *band,
                                 int               thread);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfBand, jf_band_free)

G_END_DECLS
