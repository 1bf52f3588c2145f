/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scene: a target and its guidance with all that concerns the whole of them found out, so that any part of the
 * result can be computed
 */
#pragma once

#include "align.h"
#include "pipeline.h"

G_BEGIN_DECLS

typedef struct _JfScene JfScene;

/* Who is told of parts of the result while they come: first of all that are there after the first pass, then of those
 * after the second, and so on. Called in any of the threads that work.
 */
typedef struct
{
  void     (* func) (const JfRegion *region,
                     const JfPlanes *planes,
                     gpointer        data);
  gpointer    data;
} JfSceneWatcher;

JfRegion   jf_scene_get_area        (const JfPipeline *pipeline,
                                     int              width,
                                     int              height,
                                     const JfRegion  *region);
JfNoise    jf_scene_estimate_noise  (const JfPlanes  *target,
                                     const float     *alpha,
                                     const JfPlanes  *guidance);

JfScene  * jf_scene_new             (JfPipeline      *pipeline,
                                     const JfPlanes  *target,
                                     const float     *alpha,
                                     const JfPlanes  *guidance,
                                     const JfTask    *task,
                                     GError         **error);
JfScene  * jf_scene_open            (JfPipeline      *pipeline,
                                     const JfPlanes  *target,
                                     const float     *alpha,
                                     const JfPlanes  *guidance,
                                     GError         **error);
gboolean   jf_scene_prepare         (JfScene         *scene,
                                     const JfTask    *task,
                                     GError         **error);
void       jf_scene_free            (JfScene         *scene);
gboolean   jf_scene_set_pipeline    (JfScene         *scene,
                                     JfPipeline      *pipeline,
                                     const JfTask    *task,
                                     GError         **error);
void       jf_scene_set_estimate    (JfScene         *scene,
                                     const JfNoise   *noise);
JfNoise    jf_scene_get_noise       (const JfScene   *scene);

const JfNoise *
           jf_scene_get_estimate    (const JfScene   *scene);
const JfAlign *
           jf_scene_get_align       (const JfScene   *scene);

gboolean   jf_scene_render          (const JfScene         *scene,
                                     const JfRegion        *region,
                                     const JfTask          *task,
                                     const JfSceneWatcher  *watcher,
                                     JfPlanes              *output,
                                     GError               **error);
void       jf_scene_blend           (const JfScene   *scene,
                                     const JfRegion  *region,
                                     double           strength,
                                     JfPlanes        *output);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfScene, jf_scene_free)

G_END_DECLS
