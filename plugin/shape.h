/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shape: the size and the format of a drawable, which its user may change while a filter runs
 */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

typedef struct
{
  GimpDrawable *drawable;
  int           width;
  int           height;
  const Babl   *format;
} JfShape;

gboolean jf_shape_init  (JfShape        *shape,
                         GimpDrawable   *drawable,
                         GError        **error);
gboolean jf_shape_check (const JfShape  *shape,
                         GError        **error);

G_END_DECLS
