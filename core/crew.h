/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crew: threads and their bands, which outlive a call
 */
#pragma once

#include "band.h"

G_BEGIN_DECLS

/* Threads that wait for work. There is one crew for the program, as long as anybody holds a reference. */
typedef struct _JfCrew JfCrew;

typedef void (* JfCrewFunc) (gpointer data);

JfCrew * jf_crew_get       (void);
void     jf_crew_unref     (JfCrew          *crew);

void     jf_crew_ask       (JfCrew          *crew,
                            int              n_threads,
                            JfCrewFunc       func,
                            gpointer         data);
int      jf_crew_withdraw  (JfCrew          *crew,
                            int              n_threads,
                            gpointer         data);

JfBand * jf_crew_take_band (JfCrew          *crew,
                            const JfNetwork *network,
                            int              width);
void     jf_crew_give_band (JfCrew          *crew,
                            JfBand          *band);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfCrew, jf_crew_unref)

G_END_DECLS
