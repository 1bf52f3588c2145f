/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preview-box: the preview with its controls
 */
#pragma once

#include "preview.h"

G_BEGIN_DECLS

#define JF_TYPE_PREVIEW_BOX (jf_preview_box_get_type ())
G_DECLARE_FINAL_TYPE (JfPreviewBox, jf_preview_box, JF, PREVIEW_BOX, GtkBox)

GtkWidget * jf_preview_box_new         (JfPreviewSource *source,
                                        GimpColorConfig *colours);
JfPreview * jf_preview_box_get_preview (JfPreviewBox    *box);

G_END_DECLS
