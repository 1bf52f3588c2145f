/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * visible: what of a picture with transparent parts can be seen
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

gboolean jf_visible_init (JfPlanes       *visible,
                          const JfPlanes *picture,
                          const float    *alpha);

G_END_DECLS
