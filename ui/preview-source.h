/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preview-source: where previews get their pixels from
 */
#pragma once

#include <libgimp/gimp.h>

#include "planes.h"

G_BEGIN_DECLS

/* The pictures of one run of a mode. They lie over each other: all have the size of the result. */
typedef enum
{
  JF_PICTURE_BEFORE,
  JF_PICTURE_AFTER,
  JF_PICTURE_GUIDANCE
} JfPicture;

#define JF_TYPE_PREVIEW_SOURCE (jf_preview_source_get_type ())
G_DECLARE_INTERFACE (JfPreviewSource, jf_preview_source, JF, PREVIEW_SOURCE, GObject)

/* All calls are made in the main thread and come back at once. What has to be computed comes later, and the
 * signal "changed" tells so.
 */
struct _JfPreviewSourceInterface
{
  GTypeInterface parent_interface;

  void       (* get_size)    (JfPreviewSource *source,
                              int             *width,
                              int             *height);
  void       (* get_focus)   (JfPreviewSource *source,
                              JfRegion        *region);
  void       (* read)        (JfPreviewSource *source,
                              JfPicture        picture,
                              const JfRegion  *region,
                              int              shrink,
                              float           *rgba);
  const Babl *
             (* get_format)  (JfPreviewSource   *source,
                              GimpColorProfile **profile);
  void       (* request)     (JfPreviewSource *source,
                              const JfRegion  *region);
  gboolean   (* is_busy)     (JfPreviewSource *source);
  char     * (* get_message) (JfPreviewSource *source);
  char     * (* describe_guidance) (JfPreviewSource *source);
};

void     jf_preview_source_get_size    (JfPreviewSource *source,
                                        int             *width,
                                        int             *height);
void     jf_preview_source_get_focus   (JfPreviewSource *source,
                                        JfRegion        *region);
void     jf_preview_source_read        (JfPreviewSource *source,
                                        JfPicture        picture,
                                        const JfRegion  *region,
                                        int              shrink,
                                        float           *rgba);
const Babl *
         jf_preview_source_get_format  (JfPreviewSource   *source,
                                        GimpColorProfile **profile);
void     jf_preview_source_request     (JfPreviewSource *source,
                                        const JfRegion  *region);
gboolean jf_preview_source_is_busy     (JfPreviewSource *source);
char   * jf_preview_source_get_message (JfPreviewSource *source);
char   * jf_preview_source_describe_guidance
                                       (JfPreviewSource *source);

void     jf_preview_source_changed     (JfPreviewSource *source,
                                        JfPicture        picture,
                                        const JfRegion  *region);
void     jf_preview_source_status      (JfPreviewSource *source);

G_END_DECLS
