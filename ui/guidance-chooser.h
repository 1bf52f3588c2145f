/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance-chooser: a choice among layers by name, with a look at the one chosen
 */
#pragma once

#include "preview.h"

G_BEGIN_DECLS

/* Returns (transfer container) (element-type GimpLayer): what may guide, the topmost first. */
typedef GList * (* JfListLayersFunc) (gpointer data);

/* What is chosen from. */
typedef struct
{
  JfListLayersFunc  list_layers;
  gpointer          data;
  gboolean          optional;      /* the picture may guide itself           */
  GimpLayer        *preferred;     /* NULL: the picture itself, or none      */
} JfGuidanceChoice;

#define JF_TYPE_GUIDANCE_CHOOSER (jf_guidance_chooser_get_type ())
G_DECLARE_FINAL_TYPE (JfGuidanceChooser, jf_guidance_chooser, JF, GUIDANCE_CHOOSER, GtkBox)

GtkWidget * jf_guidance_chooser_new         (GimpProcedureConfig     *config,
                                             const JfGuidanceChoice  *choice,
                                             JfPreviewSource         *source,
                                             GimpColorConfig         *colours);
JfPreview * jf_guidance_chooser_get_preview (JfGuidanceChooser       *chooser);
GtkWidget * jf_guidance_chooser_get_label   (JfGuidanceChooser       *chooser);

G_END_DECLS
