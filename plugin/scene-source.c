/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scene-source: previews of what a mode makes of a drawable
 *
 * The pictures are read in the main thread, where GIMP wants all calls to be made. What concerns the whole of them is
 * found out once for each guidance (JfScene), and what the user looks at is computed part by part (JfPatchwork). Both
 * happen in a thread of their own, one thing at a time; after each the main thread looks what is wanted now, and what
 * nobody wants any more is cancelled. Rows are shown while they come, those of all passes. Results are kept at full
 * strength, so the strength changes at once.
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "scene.h"

#include "arguments.h"
#include "original.h"
#include "patchwork.h"
#include "scene-source.h"
#include "stage.h"
#include "work.h"


#define PERCENT 100.0

/* Microseconds in a millisecond. */
#define MILLI   1000


struct _JfSceneSource
{
  GObject               parent_instance;

  const JfMode         *mode;
  GimpProcedureConfig  *config;
  GimpDrawable        **targets;           /* the first one is shown                                  */
  JfOriginal            original;          /* the target that is shown                                */
  gboolean              new_layer;         /* is where the result goes                                */
  JfPatchwork           result;            /* at full strength                                        */
  double                strength;

  JfPipeline           *pipeline;          /* the last one; NULL: none so far                         */
  JfStage              *stage;             /* what the result was made with; NULL: nothing so far     */
  JfStage              *next;              /* what takes its place when it is prepared; NULL: nothing */
  gboolean              prepared;          /* the stage is that of the arguments                      */
  gboolean              other_guidance;    /* they have another one, which has to be read             */
  gboolean              reading;           /* and is being read                                       */
  gint64                last_change;       /* of them, in microseconds                                */
  guint                 delay;             /* id of a timer while they do not rest                    */

  gboolean              requested;
  JfRegion              request;
  GCancellable         *cancellable;       /* of what is being computed; NULL: nothing                */
  JfWorkKind            kind;              /* of that                                                 */
  JfRegion              part;              /* that is rendered                                        */
  gboolean              busy;
  char                 *message;           /* why nothing can be computed; NULL: it can               */
};


static void       iface_init        (JfPreviewSourceInterface  *iface);
static void       finalize          (GObject                   *object);
static void       get_size          (JfPreviewSource           *preview,
                                     int                       *width,
                                     int                       *height);
static void       get_focus         (JfPreviewSource           *preview,
                                     JfRegion                  *region);
static gboolean   is_busy           (JfPreviewSource           *preview);
static char     * get_message       (JfPreviewSource           *preview);
static char     * describe_guidance (JfPreviewSource           *preview);
static JfStage  * get_stage         (const JfSceneSource       *source);
static gboolean   read_target       (JfSceneSource             *source,
                                     GError                   **error);
static void       read_picture      (JfPreviewSource           *preview,
                                     JfPicture                  picture,
                                     const JfRegion            *region,
                                     int                        shrink,
                                     float                     *rgba);
static void       read_after_row    (int                        x,
                                     int                        y,
                                     JfPlanes                  *row,
                                     gpointer                   data);
static void       fill_ground       (const JfSceneSource       *source,
                                     int                        x,
                                     int                        y,
                                     JfPlanes                  *row);
static const Babl *
                  get_format        (JfPreviewSource           *preview,
                                     GimpColorProfile         **profile);
static void       request           (JfPreviewSource           *preview,
                                     const JfRegion            *region);
static void       on_argument       (JfSceneSource             *source,
                                     GParamSpec                *argument);
static void       start_delay       (JfSceneSource             *source);
static void       change_strength   (JfSceneSource             *source);
static gboolean   on_rest           (gpointer                   data);
static void       change_output     (JfSceneSource             *source);
static void       advance           (JfSceneSource             *source);
static void       start_next        (JfSceneSource             *source);
static gboolean   is_wanted         (const JfSceneSource       *source);
static void       change_guidance   (JfSceneSource             *source);
static void       set_status        (JfSceneSource             *source,
                                     const char                *message);
static void       start             (JfSceneSource             *source,
                                     JfWorkKind                 kind,
                                     const JfRegion            *part);
static void       show_part         (const JfRegion            *region,
                                     const JfPlanes            *planes,
                                     gpointer                   data);
static void       finish            (GObject                   *object,
                                     GAsyncResult              *result,
                                     gpointer                   data);
static void       keep              (JfSceneSource             *source,
                                     JfWork                    *work);
static void       keep_stage        (JfSceneSource             *source,
                                     JfWork                    *work);
static gboolean   intersect         (const JfRegion            *region,
                                     const JfRegion            *other,
                                     JfRegion                  *common);


G_DEFINE_FINAL_TYPE_WITH_CODE (JfSceneSource, jf_scene_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JF_TYPE_PREVIEW_SOURCE, iface_init))


/*  public functions  */

/**
 * jf_scene_source_new:
 * @mode:    what is done
 * @config:  its arguments, which the source follows
 * @targets: (array zero-terminated=1): to what it is done, and outlives the source; the first one is shown
 * @error:   return location for an error
 *
 * Returns: (transfer full) (nullable): the source, to be given to jf_scene_source_stop () before it is unreferenced
 */
JfSceneSource *
jf_scene_source_new (const JfMode         *mode,
                     GimpProcedureConfig  *config,
                     GimpDrawable        **targets,
                     GError              **error)
{
  g_autoptr (JfSceneSource) source = g_object_new (JF_TYPE_SCENE_SOURCE, NULL);

  source->mode           = mode;
  source->config         = g_object_ref (config);
  source->targets        = targets;
  source->other_guidance = TRUE;

  if (! read_target (source, error))
    return NULL;

  g_object_get (config, "strength", &source->strength, NULL);
  source->new_layer = gimp_procedure_config_get_choice_id (config, "output");
  g_signal_connect_swapped (config, "notify", G_CALLBACK (on_argument), source);

  /* The dialog comes first. */
  source->delay = g_idle_add (on_rest, source);

  return g_steal_pointer (&source);
}

/**
 * jf_scene_source_stop:
 * @source: a source
 *
 * Ends what is being computed, and runs the main loop until it has ended. The source is of no use then: a thread that is about
 * to end may hold it a little longer than its owner, but not the arguments, which GIMP wants back.
 */
void
jf_scene_source_stop (JfSceneSource *source)
{
  g_signal_handlers_disconnect_by_data (source->config, source);
  g_clear_handle_id (&source->delay, g_source_remove);
  request (JF_PREVIEW_SOURCE (source), NULL);

  while (source->cancellable)
    g_main_context_iteration (NULL, TRUE);

  g_clear_object (&source->config);
}

/**
 * jf_scene_source_know:
 * @source: a source
 * @known:  (out): what it knows, until its arguments change
 */
void
jf_scene_source_know (const JfSceneSource *source,
                      JfKnown             *known)
{
  *known = (JfKnown) { 0 };

  if (source->prepared)
    *known = (JfKnown) { source->targets[0], &source->original.pixels, &source->stage->guidance, source->stage->scene,
                         &source->result };
}


/*  private functions  */

static void
jf_scene_source_class_init (JfSceneSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
}

static void
jf_scene_source_init (JfSceneSource *source)
{
}

static void
iface_init (JfPreviewSourceInterface *iface)
{
  iface->get_size    = get_size;
  iface->get_focus   = get_focus;
  iface->read        = read_picture;
  iface->get_format  = get_format;
  iface->request     = request;
  iface->is_busy     = is_busy;
  iface->get_message = get_message;

  iface->describe_guidance = describe_guidance;
}

static void
finalize (GObject *object)
{
  JfSceneSource *source = JF_SCENE_SOURCE (object);

  g_clear_pointer (&source->stage, jf_stage_free);
  g_clear_pointer (&source->next, jf_stage_free);
  g_clear_pointer (&source->pipeline, jf_pipeline_unref);
  jf_patchwork_clear (&source->result);
  jf_original_clear (&source->original);
  g_clear_object (&source->config);
  g_free (source->message);

  G_OBJECT_CLASS (jf_scene_source_parent_class)->finalize (object);
}

static void
get_size (JfPreviewSource *preview,
          int             *width,
          int             *height)
{
  const JfPlanes *planes = &JF_SCENE_SOURCE (preview)->original.pixels.planes;

  *width  = planes->width;
  *height = planes->height;
}

static void
get_focus (JfPreviewSource *preview,
           JfRegion        *region)
{
  *region = JF_SCENE_SOURCE (preview)->original.focus;
}

static gboolean
is_busy (JfPreviewSource *preview)
{
  return JF_SCENE_SOURCE (preview)->busy;
}

/* Where there is no error, what was found out for the user. */
static char *
get_message (JfPreviewSource *preview)
{
  const JfSceneSource *source = JF_SCENE_SOURCE (preview);
  JfPipelineOptions    options;
  double               level;

  if (source->message)
    return g_strdup (source->message);

  jf_arguments_get_options (source->config, source->mode, &options);

  if (! source->prepared || ! (source->mode->arguments & JF_MODE_NOISE_LEVEL) || options.noise_level > 0.0)
    return NULL;

  level = jf_scene_get_noise (source->stage->scene).level;

  return g_strdup_printf (_("Noise level found: %.1f%%"), PERCENT * level);
}

static char *
describe_guidance (JfPreviewSource *preview)
{
  const JfSceneSource *source = JF_SCENE_SOURCE (preview);
  const JfStage       *stage  = get_stage (source);

  return stage ? jf_stage_describe (stage, source->prepared ? jf_scene_get_align (source->stage->scene) : NULL) : NULL;
}

/* The one of the guidance chosen last. */
static JfStage *
get_stage (const JfSceneSource *source)
{
  return source->next ? source->next : source->stage;
}

/*  the pictures  */

static gboolean
read_target (JfSceneSource  *source,
             GError        **error)
{
  const JfPlanes *colour = &source->original.pixels.colour;

  return jf_original_read (&source->original, source->targets[0], error) &&
         jf_patchwork_init (&source->result, colour->channels, colour->width, colour->height, error);
}

static void
read_picture (JfPreviewSource *preview,
              JfPicture        picture,
              const JfRegion  *region,
              int              shrink,
              float           *rgba)
{
  JfSceneSource *source = JF_SCENE_SOURCE (preview);
  const JfStage *stage  = get_stage (source);
  JfRaster       raster = source->original.raster;

  if (picture == JF_PICTURE_AFTER)
    {
      raster.func = read_after_row;
      raster.data = source;
    }
  else if (picture == JF_PICTURE_GUIDANCE && stage && stage->raster.func)
    raster = stage->raster;

  jf_raster_draw (&raster, region, shrink, rgba);
}

/* A JfRowFunc. */
static void
read_after_row (int       x,
                int       y,
                JfPlanes *row,
                gpointer  data)
{
  const JfSceneSource *source = data;
  const JfRegion       region = { x, y, row->width, 1 };
  JfPlanes             colour = *row;

  source->original.raster.func (x, y, row, source->original.raster.data);

  if (! source->stage || ! source->stage->scene)
    return;

  colour.channels = source->original.pixels.colour.channels;
  jf_patchwork_read (&source->result, x, y, &colour);
  jf_scene_blend (source->stage->scene, &region, source->strength, &colour);
  jf_patchwork_cover (&source->result, &source->original.pixels.colour, x, y, &colour);

  if (source->mode->target == JF_TARGET_STROKES && source->original.pixels.alpha)
    fill_ground (source, x, y, row);

  jf_original_merge (&source->original, x, y, source->new_layer, row);
}

/* What strokes were painted on is transparent, the coloured photo is not. */
static void
fill_ground (const JfSceneSource *source,
             int                  x,
             int                  y,
             JfPlanes            *row)
{
  JfPlanes before = source->original.pixels.planes;
  JfPlanes after  = *row;

  before.data     = source->original.pixels.alpha;
  before.channels = 1;
  after.data      = jf_planes_get_row (row, row->channels - 1, 0, 0);
  after.channels  = 1;

  for (int i = 0; i < row->width; i++)
    after.data[i] = 1.0f;

  jf_patchwork_cover (&source->result, &before, x, y, &after);
}

/*  what is wanted  */

static const Babl *
get_format (JfPreviewSource   *preview,
            GimpColorProfile **profile)
{
  const JfSceneSource *source = JF_SCENE_SOURCE (preview);

  *profile = source->original.profile;

  return source->original.raster.shown;
}

static void
request (JfPreviewSource *preview,
         const JfRegion  *region)
{
  JfSceneSource *source = JF_SCENE_SOURCE (preview);

  source->requested = region && intersect (region, &source->original.focus, &source->request);

  advance (source);
}

static void
on_argument (JfSceneSource *source,
             GParamSpec    *argument)
{
  static const char * const others[] = { "strength", "output", "guidance-image", NULL };

  if (! strcmp (argument->name, "strength"))
    change_strength (source);

  if (! strcmp (argument->name, "output"))
    change_output (source);

  if (g_strv_contains (others, argument->name))
    return;

  if (! strcmp (argument->name, "guidance-tattoo"))
    source->other_guidance = TRUE;

  source->prepared = FALSE;
  jf_patchwork_age (&source->result);

  start_delay (source);
  set_status (source, NULL);
  advance (source);
}

/* What changes once after a rest is not waited with. */
static void
start_delay (JfSceneSource *source)
{
  gint64   now   = g_get_monotonic_time ();
  gboolean alone = now - source->last_change > JF_SCENE_SOURCE_DELAY * MILLI;

  source->last_change = now;

  g_clear_handle_id (&source->delay, g_source_remove);
  source->delay = g_timeout_add (alone ? 0 : JF_SCENE_SOURCE_DELAY, on_rest, source);
}

static void
change_strength (JfSceneSource *source)
{
  g_object_get (source->config, "strength", &source->strength, NULL);

  jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, &source->original.focus);
}

/* A GSourceFunc. */
static gboolean
on_rest (gpointer data)
{
  JfSceneSource *source = data;

  source->delay = 0;
  advance (source);

  return G_SOURCE_REMOVE;
}

static void
change_output (JfSceneSource *source)
{
  source->new_layer = gimp_procedure_config_get_choice_id (source->config, "output");

  jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, &source->original.focus);
}

/* Called whenever something has happened. */
static void
advance (JfSceneSource *source)
{
  if (source->cancellable && ! is_wanted (source))
    g_cancellable_cancel (source->cancellable);

  if (! source->cancellable && ! source->delay)
    start_next (source);

  set_status (source, source->message);
}

/* Only with nothing running: a thread may be using the stages. */
static void
start_next (JfSceneSource *source)
{
  JfRegion part = { 0 };

  if (source->reading)
    return;

  /* It may be another one again when it has been read. */
  while (source->other_guidance && ! source->delay)
    change_guidance (source);

  if (source->delay || source->message || ! source->requested)
    return;

  if (! source->prepared)
    start (source, JF_WORK_PREPARE, &part);
  else if (jf_patchwork_find (&source->result, &source->request, &part))
    start (source, JF_WORK_RENDER, &part);
  else if (source->stage->guidance.planes.data && ! source->stage->measured)
    start (source, JF_WORK_MEASURE, &part);
}

static gboolean
is_wanted (const JfSceneSource *source)
{
  JfRegion common;
  JfRegion part;

  if (! source->requested || source->delay)
    return FALSE;

  switch (source->kind)
    {
    case JF_WORK_RENDER:
      return intersect (&source->part, &source->request, &common);

    case JF_WORK_MEASURE:
      return ! jf_patchwork_find (&source->result, &source->request, &part);

    default:
      return TRUE;
    }
}

/* What is shown stays until something better takes its place. The main loop runs meanwhile. */
static void
change_guidance (JfSceneSource *source)
{
  const JfPlanes    *planes = &source->original.pixels.planes;
  const JfRegion     whole  = { 0, 0, planes->width, planes->height };
  GimpImage         *image;
  g_autoptr (GError) error  = NULL;

  source->other_guidance = FALSE;
  g_clear_pointer (&source->next, jf_stage_free);

  source->reading = TRUE;
  image           = gimp_item_get_image (GIMP_ITEM (source->targets[0]));
  source->next    = jf_stage_new (source->mode, jf_arguments_get_guidance (source->config, image), source->targets,
                                  &source->original.focus, &error);
  source->reading = FALSE;

  if (error)
    set_status (source, error->message);

  jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_GUIDANCE, &whole);
}

static void
set_status (JfSceneSource *source,
            const char    *message)
{
  gboolean running = source->reading || (source->cancellable && source->kind != JF_WORK_MEASURE);
  gboolean busy    = source->requested && (running || source->delay);

  if (busy == source->busy && ! g_strcmp0 (message, source->message))
    return;

  source->busy = busy;

  if (message != source->message)
    {
      g_free (source->message);
      source->message = g_strdup (message);
    }

  jf_preview_source_status (JF_PREVIEW_SOURCE (source));
}

/*  the work  */

static void
start (JfSceneSource  *source,
       JfWorkKind      kind,
       const JfRegion *part)
{
  JfWork *work = g_new0 (JfWork, 1);

  source->kind        = kind;
  source->part        = *part;
  source->cancellable = g_cancellable_new ();

  work->kind   = kind;
  work->mode   = source->mode;
  work->target = &source->original.pixels;
  work->stage  = get_stage (source);
  work->part   = *part;
  work->task   = (JfTask) { gimp_get_num_processors (), source->cancellable, NULL, NULL };
  work->stream = jf_stream_new (&(JfSceneWatcher) { show_part, source });
  work->former = source->pipeline ? jf_pipeline_ref (source->pipeline) : NULL;
  jf_arguments_get_options (source->config, source->mode, &work->options);

  jf_work_start (work, source, finish);
}

/* Of the stream. */
static void
show_part (const JfRegion *region,
           const JfPlanes *planes,
           gpointer        data)
{
  JfSceneSource *source = data;

  if (g_cancellable_is_cancelled (source->cancellable))
    return;

  jf_patchwork_put (&source->result, region, planes, FALSE);
  jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, region);
}

/* A GAsyncReadyCallback. */
static void
finish (GObject      *object,
        GAsyncResult *result,
        gpointer      data)
{
  JfSceneSource     *source = JF_SCENE_SOURCE (object);
  g_autoptr (GError) error  = NULL;
  JfWork            *work   = jf_work_finish (result, &error);

  g_clear_object (&source->cancellable);
  jf_stream_close (work->stream);

  if (! error)
    keep (source, work);
  else if (! g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_status (source, error->message);

  /* The next part is computed while this one is drawn. */
  advance (source);

  if (! error && work->kind == JF_WORK_RENDER)
    jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, &work->part);
  else if (! error)
    jf_preview_source_status (JF_PREVIEW_SOURCE (source));
}

static void
keep (JfSceneSource *source,
      JfWork        *work)
{
  switch (work->kind)
    {
    case JF_WORK_PREPARE:
      keep_stage (source, work);
      break;

    case JF_WORK_RENDER:
      jf_patchwork_put (&source->result, &work->part, &work->output, TRUE);
      break;

    case JF_WORK_MEASURE:
      work->stage->measured = TRUE;
      break;
    }
}

static void
keep_stage (JfSceneSource *source,
            JfWork        *work)
{
  source->prepared = TRUE;

  g_clear_pointer (&source->pipeline, jf_pipeline_unref);
  source->pipeline = g_steal_pointer (&work->pipeline);

  if (work->scene)
    {
      jf_scene_free (work->stage->scene);
      work->stage->scene = g_steal_pointer (&work->scene);
    }

  if (source->next)
    {
      g_clear_pointer (&source->stage, jf_stage_free);
      source->stage = g_steal_pointer (&source->next);
    }
}

static gboolean
intersect (const JfRegion *region,
           const JfRegion *other,
           JfRegion       *common)
{
  return gimp_rectangle_intersect (region->x, region->y, region->width, region->height,
                                   other->x, other->y, other->width, other->height,
                                   &common->x, &common->y, &common->width, &common->height);
}
