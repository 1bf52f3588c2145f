/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * patchwork: a picture that is computed part by part
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

/* All zero is one of no size. Memory is taken where something is put only. */
typedef struct
{
  JfPlanes  planes;       /* holds values where something is known */
  guchar   *cells;        /* what is known of each                 */
  int       n_columns;    /* of cells                              */
  int       n_rows;
} JfPatchwork;

gboolean jf_patchwork_init  (JfPatchwork        *patchwork,
                             int                 channels,
                             int                 width,
                             int                 height,
                             GError            **error);
void     jf_patchwork_clear (JfPatchwork        *patchwork);
void     jf_patchwork_age   (JfPatchwork        *patchwork);
void     jf_patchwork_put   (JfPatchwork        *patchwork,
                             const JfRegion     *region,
                             const JfPlanes     *planes,
                             gboolean            final);
gboolean jf_patchwork_find  (const JfPatchwork  *patchwork,
                             const JfRegion     *view,
                             JfRegion           *part);
void     jf_patchwork_read  (const JfPatchwork  *patchwork,
                             int                 x,
                             int                 y,
                             JfPlanes           *row);
void     jf_patchwork_cover (const JfPatchwork  *patchwork,
                             const JfPlanes     *other,
                             int                 x,
                             int                 y,
                             JfPlanes           *row);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JfPatchwork, jf_patchwork_clear)

G_END_DECLS
