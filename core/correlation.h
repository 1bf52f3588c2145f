/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * correlation: looks for the motion between two small pictures
 */
#pragma once

#include <gio/gio.h>

#include "orientation.h"
#include "similarity.h"

G_BEGIN_DECLS

double   jf_correlation_search   (const JfOrientation *target,
                                  const JfOrientation *guidance,
                                  double complex       middle,
                                  gboolean             turning,
                                  GCancellable        *cancellable,
                                  JfSimilarity        *motion);
gboolean jf_correlation_is_found (const JfSimilarity  *motion,
                                  double               width,
                                  double               height);

G_END_DECLS
