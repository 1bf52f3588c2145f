/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * modes: what the suite offers, one row per procedure
 */
#pragma once

#include "colour.h"

G_BEGIN_DECLS

#define JF_MODE_MAX_MODELS 6
#define JF_MODE_MAX_FACTOR 16

/* Where one more pass changes nothing that anybody sees. */
#define JF_MODE_MAX_ITERATIONS 8

/* Arguments a mode has beyond guidance, strength and output; its models say whether it has "quality". */
typedef enum
{
  JF_MODE_NOISE_LEVEL = 1 << 0,
  JF_MODE_ITERATIONS  = 1 << 1,
  JF_MODE_FACTOR      = 1 << 2,
  JF_MODE_ALIGN       = 1 << 3
} JfModeArguments;

/* What is to be filtered. */
typedef enum
{
  JF_TARGET_PICTURE,
  JF_TARGET_STROKES                 /* colours for the guidance, here and there: on transparent ground, or on a copy */
} JfTargetKind;

/* Where the guidance comes from. */
typedef enum
{
  JF_GUIDANCE_OTHER,                /* always another picture                              */
  JF_GUIDANCE_SELF                  /* the target itself unless another picture is given   */
} JfGuidanceKind;

typedef enum
{
  JF_QUALITY_FAST,
  JF_QUALITY_BEST
} JfQuality;

/* A model file and the options that it is for. */
typedef struct
{
  const char *file;                 /* name below the folder of models                     */
  int         factor;               /* how coarse the target is: 4, 8, 16; 0: not at all   */
  JfQuality   quality;
} JfModeModel;

/* Plain data; texts are marked for translation and translated by the host. */
typedef struct
{
  const char      *procedure;       /* "plug-in-joint-filter-…"                            */
  const char      *menu_label;      /* with mnemonic                                       */
  const char      *blurb;
  const char      *help;
  JfTargetKind     target;
  JfGuidanceKind   guidance;
  const char      *guidance_label;  /* of the guidance chooser, with mnemonic              */
  const char      *guidance_tooltip;
  JfModeModel      models[JF_MODE_MAX_MODELS + 1];    /* up to one without a file; the first is the default */
  const JfColour  *colour;
  JfModeArguments  arguments;
  int              iterations;      /* how often the network runs unless the user chooses  */
  const char      *iterations_tooltip;
  const char      *factor_tooltip;
} JfMode;

const JfMode      * jf_modes_get         (guint         *n_modes);
const JfMode      * jf_modes_find        (const char    *procedure);

gboolean            jf_mode_has_quality  (const JfMode  *mode);
gboolean            jf_mode_needs_colour (const JfMode  *mode);
const JfModeModel * jf_mode_find_model   (const JfMode  *mode,
                                          int            factor,
                                          JfQuality      quality);

G_END_DECLS
