/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * modes: what the suite offers, one row per procedure
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Arguments a mode has beyond guidance, strength and output. */
typedef enum
{
  JF_MODE_NOISE_LEVEL = 1 << 0
} JfModeArguments;

/* Plain data; texts are marked for translation and translated by the host. */
typedef struct
{
  const char      *procedure;       /* "plug-in-joint-filter-…"                        */
  const char      *menu_label;      /* with mnemonic                                   */
  const char      *blurb;
  const char      *help;
  const char      *guidance_label;  /* of the guidance chooser, with mnemonic          */
  const char      *guidance_tooltip;
  const char      *model;           /* file name below the folder of models            */
  JfModeArguments  arguments;
} JfMode;

const JfMode * jf_modes_get  (guint      *n_modes);
const JfMode * jf_modes_find (const char *procedure);

G_END_DECLS
