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

/* Target, guidance and result as they are. For photos the network sees red, green and blue at once. PSNR in dB at
 * noise of 0.0316 / 0.1, a pair with flash and one with infrared, 360 x 360 pixels:
 *
 *   red, green and blue at once                       41.6 / 37.8   40.6 / 36.5
 *   one after the other, as grey pictures             40.4 / 35.9   40.6 / 35.6
 *   opponent colours (of an orthogonal matrix) so     41.2 / 36.4   40.5 / 35.7
 *
 * Prints, too: the dots of one ink show in all three, and where inks are filtered by themselves their rosettes stay.
 * PSNR in dB of four Kodak photos, 192 x 192 pixels, printed with dots of 4 / 6 / 8 pixels, after two passes
 * (models/training/evaluate_passes.py --colours):
 *
 *   red, green and blue at once                       27.1 / 26.3 / 25.2
 *   one after the other                               25.4 / 21.9 / 21.6
 *   cyan, magenta, yellow and black so                25.2 / 22.1 / 21.0
 *   opponent colours so                               24.1 / 17.4 / 15.8
 */
extern const JfColour jf_colour_as_is;

/* The network filters Cb and Cr of a colour target, guided by luma, and the result has the guidance's luma: that is
 * sharp, and the eye sees luma sharper than colour.
 */
extern const JfColour jf_colour_chroma;

void jf_colour_get_chroma (const JfPlanes *picture,
                           JfPlanes       *chroma);
void jf_colour_get_luma   (const JfPlanes *picture,
                           JfPlanes       *luma);

G_END_DECLS
