/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * colour: what networks see of colours, and what becomes of it
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

/* How a mode handles colours: its target's, its guidance's, and those of the result. */
typedef struct
{
  int    target_planes;   /* how many the network filters; 0: the target's own, and nothing else is done */
  void (* split) (const JfPlanes  *target,
                  JfPlanes        *planes);
  void (* guide) (const JfPlanes  *guidance,
                  JfPlanes        *plane);
  void (* join)  (const JfPlanes  *planes,
                  const JfPlanes  *guide,
                  const JfRegion  *region,
                  JfPlanes        *result);
} JfColour;

/* Target, guidance and result as they are. */
extern const JfColour jf_colour_as_is;

/* The network filters Cb and Cr of a colour target, guided by luma, and the result has the guidance's luma. */
extern const JfColour jf_colour_chroma;

void jf_colour_get_chroma (const JfPlanes *picture,
                           JfPlanes       *chroma);
void jf_colour_get_luma   (const JfPlanes *picture,
                           JfPlanes       *luma);

G_END_DECLS
