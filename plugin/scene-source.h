/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scene-source: previews of what a mode makes of a drawable
 */
#pragma once

#include <libgimp/gimp.h>

#include "modes.h"
#include "preview-source.h"

#include "known.h"

G_BEGIN_DECLS

/* For how many milliseconds the arguments have to rest once they change more than once: a slider that is moved changes
 * every 10 to 20.
 */
#define JF_SCENE_SOURCE_DELAY 80

#define JF_TYPE_SCENE_SOURCE (jf_scene_source_get_type ())
G_DECLARE_FINAL_TYPE (JfSceneSource, jf_scene_source, JF, SCENE_SOURCE, GObject)

JfSceneSource * jf_scene_source_new  (const JfMode         *mode,
                                      GimpProcedureConfig  *config,
                                      GimpDrawable        **targets,
                                      GError              **error);
void            jf_scene_source_stop (JfSceneSource        *source);
void            jf_scene_source_know (const JfSceneSource  *source,
                                      JfKnown              *known);

G_END_DECLS
