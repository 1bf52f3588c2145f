/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work: what is computed for a preview, one thing at a time, in a thread of its own
 */
#include "align.h"

#include "models.h"
#include "work.h"


static void     run       (GTask         *task,
                           gpointer       object,
                           gpointer       data,
                           GCancellable  *cancellable);
static gboolean prepare   (JfWork        *work,
                           GError       **error);
static gboolean render    (JfWork        *work,
                           GError       **error);
static gboolean measure   (JfWork        *work,
                           GError       **error);
static void     work_free (gpointer       data);


/*  public functions  */

/**
 * jf_work_start:
 * @work:     (transfer full): what to do, from g_new0 ()
 * @owner:    a #GObject, which is kept until it is done
 * @callback: is called in the main thread then, with @owner
 */
void
jf_work_start (JfWork              *work,
               gpointer             owner,
               GAsyncReadyCallback  callback)
{
  g_autoptr (GTask) task = g_task_new (owner, work->task.cancellable, callback, NULL);

  g_task_set_task_data (task, work, work_free);
  g_task_run_in_thread (task, run);
}

/**
 * jf_work_finish:
 * @result: what the callback got
 * @error:  return location for an error; what was cancelled counts as failed, even if it is done
 *
 * Returns: (transfer none): the work; it is done if there is no error
 */
JfWork *
jf_work_finish (GAsyncResult  *result,
                GError       **error)
{
  g_task_propagate_boolean (G_TASK (result), error);

  return g_task_get_task_data (G_TASK (result));
}


/*  private functions  */

/* A GTaskThreadFunc. */
static void
run (GTask        *task,
     gpointer      object,
     gpointer      data,
     GCancellable *cancellable)
{
  static gboolean (* const functions[]) (JfWork *, GError **) = { prepare, render, measure };

  JfWork *work  = data;
  GError *error = NULL;

  if (functions[work->kind] (work, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* The main thread may be showing what the stage's scene knows of strokes, which other arguments change. */
static gboolean
prepare (JfWork  *work,
         GError **error)
{
  const JfStage  *stage    = work->stage;
  const JfPlanes *guidance = &stage->guidance.colour;

  work->pipeline = jf_models_load (work->mode, &work->options, work->former, error);

  if (! work->pipeline)
    return FALSE;

  if (stage->scene && work->mode->target != JF_TARGET_STROKES)
    return jf_scene_set_pipeline (stage->scene, work->pipeline, &work->task, error);

  work->scene = jf_scene_new (work->pipeline, &work->target->colour, work->target->alpha,
                              guidance->data ? guidance : NULL, &work->task, error);

  return work->scene != NULL;
}

static gboolean
render (JfWork  *work,
        GError **error)
{
  const JfSceneWatcher watcher = { jf_stream_put, work->stream };

  return jf_planes_init (&work->output, work->target->colour.channels, work->part.width, work->part.height, error) &&
         jf_scene_render (work->stage->scene, &work->part, &work->task, &watcher, &work->output, error);
}

static gboolean
measure (JfWork  *work,
         GError **error)
{
  return jf_align_estimate (&work->target->colour, &work->stage->guidance.colour, JF_ALIGN_SIMILARITY,
                            work->task.cancellable, &work->stage->align, error);
}

static void
work_free (gpointer data)
{
  JfWork *work = data;

  g_clear_pointer (&work->stream, jf_stream_unref);

  jf_planes_clear (&work->output);
  jf_scene_free (work->scene);
  g_clear_pointer (&work->pipeline, jf_pipeline_unref);
  g_clear_pointer (&work->former, jf_pipeline_unref);
  g_free (work);
}
