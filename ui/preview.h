/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preview: a window on the pictures of a preview source
 */
#pragma once

#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

#include "preview-source.h"
#include "view.h"

G_BEGIN_DECLS

/* Where the picture before is shown beside the one after. */
typedef enum
{
  JF_SPLIT_NONE,
  JF_SPLIT_LEFT,
  JF_SPLIT_TOP
} JfSplit;

#define JF_TYPE_PREVIEW (jf_preview_get_type ())
G_DECLARE_FINAL_TYPE (JfPreview, jf_preview, JF, PREVIEW, GtkDrawingArea)

GtkWidget * jf_preview_new         (JfPreviewSource *source,
                                    JfPicture        picture,
                                    GimpColorConfig *colours);
void        jf_preview_set_active  (JfPreview       *preview,
                                    gboolean         active);
void        jf_preview_set_split   (JfPreview       *preview,
                                    JfSplit          split);
void        jf_preview_show_before (JfPreview       *preview,
                                    gboolean         before);

G_END_DECLS
