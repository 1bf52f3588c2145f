/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tiles: runs a network over a part of a picture
 */
#pragma once

#include "crew.h"
#include "task.h"

G_BEGIN_DECLS

void jf_tiles_run (JfCrew          *crew,
                   const JfNetwork *network,
                   const JfBandJob *job,
                   const JfTask    *task,
                   JfRegionFunc     func,
                   gpointer         data);

G_END_DECLS
