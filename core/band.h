/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * band: runs a network over one tile at a time
 */
#pragma once

#include "network.h"
#include "noise.h"
#include "planes.h"

G_BEGIN_DECLS

/* How many threads may work on a tile together. */
#define JF_BAND_MAX_THREADS 16

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

JfBand * jf_band_new             (void);
void     jf_band_free            (JfBand          *band);
gboolean jf_band_fits            (const JfBand    *band,
                                  const JfNetwork *network,
                                  int              width);
void     jf_band_fit             (JfBand          *band,
                                  const JfNetwork *network,
                                  int              width);
int      jf_band_get_strip       (const JfBand    *band,
                                  gboolean         first);
int      jf_band_get_max_threads (const JfBand    *band);
void     jf_band_start           (JfBand          *band,
                                  const JfBandJob *job);
void     jf_band_work            (JfBand          *band,
                                  int              thread);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfBand, jf_band_free)

G_END_DECLS
