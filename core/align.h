/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * align: finds how a guidance lies on its target, and lays it there
 */
#pragma once

#include <gio/gio.h>

#include "planes.h"

G_BEGIN_DECLS

#define JF_ALIGN_ERROR (jf_align_error_quark ())

typedef enum
{
  JF_ALIGN_ERROR_SIZE       /* pictures that are not sized alike */
} JfAlignError;

typedef enum
{
  JF_ALIGN_TRANSLATION,
  JF_ALIGN_SIMILARITY       /* rotation and scale as well */
} JfAlignKind;

/* Where the guidance has what the target has at (x, y), both in pixels from the middle of the picture:
 *   x' = scale × (cos angle × x − sin angle × y) + dx
 *   y' = scale × (sin angle × x + cos angle × y) + dy
 */
typedef struct
{
  double   dx;
  double   dy;
  double   angle;           /* radians                                         */
  double   scale;
  gboolean sure;            /* if not, the other fields are those of no change */
} JfAlign;

GQuark   jf_align_error_quark (void);

gboolean jf_align_estimate    (const JfPlanes  *target,
                               const JfPlanes  *guidance,
                               JfAlignKind      kind,
                               GCancellable    *cancellable,
                               JfAlign         *align,
                               GError         **error);
gboolean jf_align_is_identity (const JfAlign   *align);
gboolean jf_align_warp        (const JfAlign   *align,
                               const JfPlanes  *guidance,
                               GCancellable    *cancellable,
                               JfPlanes        *output,
                               GError         **error);

G_END_DECLS
