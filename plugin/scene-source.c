/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scene-source: previews of what a mode makes of a drawable
 *
 * The pictures are read in the main thread, where GIMP wants all calls to be made. What concerns the whole of them is
 * found out once for each guidance (JfScene), and what the user looks at is computed part by part (JfPatchwork). Both
 * happen in a thread of their own, one thing at a time; after each the main thread looks what is wanted now, and what
 * nobody wants any more is cancelled. Rows are shown while they come, those of all passes. Results are kept at full strength, so the strength changes at once.
 */
#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "align.h"
#include "scene.h"

#include "arguments.h"
#include "guidance.h"
#include "models.h"
#include "patchwork.h"
#include "pixels.h"
#include "raster.h"
#include "scene-source.h"


#define PERCENT 100.0

/* Microseconds in a millisecond. */
#define MILLI   1000


/* A guidance and what was found out with it. */
typedef struct
{
  JfPixels  guidance;     /* empty: the target guides itself                  */
  JfRaster  raster;       /* how to show it                                   */
  double    overlap;      /* the share of the focus that it covers, 0..1      */
  JfAlign   align;        /* how it lies                                      */
  gboolean  measured;     /* whether that is known                            */
  JfScene  *scene;        /* refers to the pictures; NULL: not prepared so far */
} Stage;

/* Rows on their way from the threads that compute them to the main thread. */
typedef struct
{
  GMutex         mutex;
  GQueue         parts;        /* what came                            */
  gboolean       announced;    /* the main thread is going to look     */
  JfSceneSource *source;       /* NULL: nobody wants them any more     */
} Stream;

typedef struct
{
  JfRegion region;
  JfPlanes planes;
} Part;

/* What a thread does. */
typedef enum
{
  WORK_PREPARE,      /* find out what the arguments need to know of the whole */
  WORK_RENDER,       /* compute a part                                        */
  WORK_MEASURE       /* find how the guidance lies                            */
} WorkKind;

typedef struct
{
  WorkKind           kind;
  const JfMode      *mode;
  JfPipelineOptions  options;
  JfTask             task;
  const JfPixels    *target;
  Stage             *stage;
  JfPipeline        *former;     /* NULL: there was none so far           */
  JfPipeline        *pipeline;   /* for the options                       */
  JfScene           *scene;      /* for the stage; NULL: it keeps its own */
  JfRegion           part;       /* to render                             */
  JfPlanes           output;     /* of the part                           */
  Stream            *stream;     /* what comes of it                      */
} Work;

struct _JfSceneSource
{
  GObject               parent_instance;

  const JfMode         *mode;
  GimpProcedureConfig  *config;
  GimpDrawable        **targets;           /* the first one is shown                                  */
  JfPixels              pixels;            /* all of it                                               */
  JfRaster              raster;            /* how to show it                                          */
  GimpColorProfile     *profile;           /* in which                                                */
  gboolean              clips;             /* its format has values from 0 to 1 only                  */
  JfRegion              focus;             /* what the selection touches of it                        */
  JfPlanes              mask;              /* the selection there; empty: all is selected             */
  gboolean              locked[4];         /* planes that are off in the Channels dialog              */
  gboolean              locks_alpha;       /* that of the target, not of a new layer                  */
  gboolean              new_layer;         /* is where the result goes                                */
  JfPatchwork           result;            /* at full strength                                        */
  double                strength;

  JfPipeline           *pipeline;          /* the last one; NULL: none so far                         */
  Stage                *stage;             /* what the result was made with; NULL: nothing so far     */
  Stage                *next;              /* what takes its place when it is prepared; NULL: nothing */
  gboolean              prepared;          /* the stage is that of the arguments                      */
  gboolean              other_guidance;    /* they have another one, which has to be read             */
  gboolean              reading;           /* and is being read                                       */
  gint64                last_change;       /* of them, in microseconds                                */
  guint                 delay;             /* id of a timer while they do not rest                    */

  gboolean              requested;
  JfRegion              request;
  GCancellable         *cancellable;       /* of what is being computed; NULL: nothing                */
  WorkKind              kind;              /* of that                                                 */
  JfRegion              part;              /* that is rendered                                        */
  gboolean              busy;
  char                 *message;           /* why nothing can be computed; NULL: it can               */
};


static void       iface_init         (JfPreviewSourceInterface *iface);
static void       finalize           (GObject              *object);
static void       get_size           (JfPreviewSource      *preview,
                                      int                  *width,
                                      int                  *height);
static void       get_focus          (JfPreviewSource      *preview,
                                      JfRegion             *region);
static void       read_picture       (JfPreviewSource      *preview,
                                      JfPicture             picture,
                                      const JfRegion       *region,
                                      int                   shrink,
                                      float                *rgba);
static const Babl *
                  get_format         (JfPreviewSource      *preview,
                                      GimpColorProfile    **profile);
static void       request            (JfPreviewSource      *preview,
                                      const JfRegion       *region);
static gboolean   is_busy            (JfPreviewSource      *preview);
static char     * get_message        (JfPreviewSource      *preview);
static char     * describe_guidance  (JfPreviewSource      *preview);

static char     * describe_align     (const JfAlign        *align,
                                      gboolean              moved,
                                      const JfPlanes       *planes);
static Stage    * get_stage          (const JfSceneSource  *source);

static gboolean   read_target        (JfSceneSource        *source,
                                      GError              **error);
static void       read_locks         (JfSceneSource        *source);
static GimpColorProfile *
                  choose_profile     (GimpDrawable         *drawable);
static JfRaster   make_raster        (GimpDrawable         *drawable,
                                      JfRowFunc             func,
                                      gpointer              data);
static gboolean   is_integer         (const Babl           *format);
static gboolean   read_mask          (JfSceneSource        *source,
                                      GError              **error);
static Stage    * read_guidance      (JfSceneSource        *source,
                                      GError              **error);
static void       read_before_row    (int                   x,
                                      int                   y,
                                      JfPlanes             *row,
                                      gpointer              data);
static void       read_after_row     (int                   x,
                                      int                   y,
                                      JfPlanes             *row,
                                      gpointer              data);
static void       read_guidance_row  (int                   x,
                                      int                   y,
                                      JfPlanes             *row,
                                      gpointer              data);
static void       copy_row           (const JfPlanes       *planes,
                                      int                   x,
                                      int                   y,
                                      JfPlanes             *row);
static void       apply_mask         (const JfSceneSource  *source,
                                      int                   x,
                                      int                   y,
                                      JfPlanes             *row);
static void       fill_ground        (const JfSceneSource  *source,
                                      int                   x,
                                      int                   y,
                                      JfPlanes             *row);
static void       keep_locked        (const JfSceneSource  *source,
                                      int                   x,
                                      int                   y,
                                      JfPlanes             *row);
static float    * get_shares         (const JfSceneSource  *source,
                                      int                   x,
                                      int                   y,
                                      JfPlanes             *row);
static float      get_mask           (const JfSceneSource  *source,
                                      int                   x,
                                      int                   y);
static void       stage_free         (Stage                *stage);
static void       on_argument        (JfSceneSource        *source,
                                      GParamSpec           *argument);
static void       start_delay        (JfSceneSource        *source);
static void       change_strength    (JfSceneSource        *source);
static void       change_output      (JfSceneSource        *source);
static gboolean   on_rest            (gpointer              data);
static void       advance            (JfSceneSource        *source);
static void       start_next         (JfSceneSource        *source);
static gboolean   is_wanted          (const JfSceneSource  *source);
static void       change_guidance    (JfSceneSource        *source);
static void       set_status         (JfSceneSource        *source,
                                      const char           *message);
static void       start              (JfSceneSource        *source,
                                      WorkKind              kind,
                                      const JfRegion       *part);
static void       run                (GTask                *task,
                                      gpointer              object,
                                      gpointer              data,
                                      GCancellable         *cancellable);
static gboolean   prepare            (Work                 *work,
                                      GError              **error);
static gboolean   render             (Work                 *work,
                                      GError              **error);
static gboolean   measure            (Work                 *work,
                                      GError              **error);
static Stream   * stream_new         (JfSceneSource        *source);
static void       stream_unref       (gpointer              data);
static void       on_part            (const JfRegion       *region,
                                      const JfPlanes       *planes,
                                      gpointer              data);
static gboolean   on_announced       (gpointer              data);
static Part     * stream_take        (Stream               *stream);
static void       show_parts         (Stream               *stream);
static void       part_free          (gpointer              data);
static void       work_free          (gpointer              data);
static void       finish             (GObject              *object,
                                      GAsyncResult         *result,
                                      gpointer              data);
static void       keep               (JfSceneSource        *source,
                                      Work                 *work);
static void       keep_stage         (JfSceneSource        *source,
                                      Work                 *work);
static gboolean   intersect          (const JfRegion       *region,
                                      const JfRegion       *other,
                                      JfRegion             *common);


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
    *known = (JfKnown) { source->targets[0], &source->pixels, &source->stage->guidance, source->stage->scene,
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

  g_clear_pointer (&source->stage, stage_free);
  g_clear_pointer (&source->next, stage_free);
  g_clear_pointer (&source->pipeline, jf_pipeline_unref);
  jf_patchwork_clear (&source->result);
  jf_planes_clear (&source->mask);
  jf_pixels_clear (&source->pixels);
  g_clear_object (&source->profile);
  g_clear_object (&source->config);
  g_free (source->message);

  G_OBJECT_CLASS (jf_scene_source_parent_class)->finalize (object);
}

static void
get_size (JfPreviewSource *preview,
          int             *width,
          int             *height)
{
  const JfPlanes *planes = &JF_SCENE_SOURCE (preview)->pixels.planes;

  *width  = planes->width;
  *height = planes->height;
}

static void
get_focus (JfPreviewSource *preview,
           JfRegion        *region)
{
  *region = JF_SCENE_SOURCE (preview)->focus;
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
  const Stage         *stage  = get_stage (source);
  const JfAlign       *found  = source->prepared ? jf_scene_get_align (source->stage->scene) : NULL;

  if (! stage || ! stage->guidance.planes.data)
    return NULL;

  if (stage->overlap <= 0.0)
    return g_strdup (_("Does not overlap what is filtered"));

  if (found && ! found->sure)
    return g_strdup (_("How it lies is not sure, so it is not moved"));

  if (found || stage->align.sure)
    return describe_align (found ? found : &stage->align, found != NULL, &stage->guidance.planes);

  if (stage->overlap < 1.0)
    return g_strdup_printf (_("Covers %d%% of what is filtered; beyond it, its edge is used"),
                            (int) (PERCENT * stage->overlap));

  return NULL;
}

/* By how much the corners are off. What a hand does to a camera is more than a pixel; less is also what the measure
 * itself is off in noisy pictures.
 */
static char *
describe_align (const JfAlign  *align,
                gboolean        moved,
                const JfPlanes *planes)
{
  double turn   = hypot (align->scale * cos (align->angle) - 1.0, align->scale * sin (align->angle));
  double pixels = hypot (align->dx, align->dy) + turn * hypot (planes->width, planes->height) / 2.0;
  int    n      = (int) round (pixels);

  if (n <= 1)
    return g_strdup (_("Aligned"));

  if (moved)
    return g_strdup_printf (ngettext ("Moved by about %d pixel", "Moved by about %d pixels", n), n);

  return g_strdup_printf (ngettext ("About %d pixel off", "About %d pixels off", n), n);
}

/* The one of the guidance chosen last. */
static Stage *
get_stage (const JfSceneSource *source)
{
  return source->next ? source->next : source->stage;
}

/*  the pictures  */

static gboolean
read_target (JfSceneSource  *source,
             GError        **error)
{
  GimpDrawable   *target = source->targets[0];
  const JfRegion  whole  = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };
  JfRegion       *focus  = &source->focus;

  source->profile = choose_profile (target);
  source->raster  = make_raster (target, read_before_row, source);
  source->clips   = is_integer (source->raster.stored);

  /* Without an overlap nothing can be filtered; then the dialog says so in its own time. */
  if (! gimp_drawable_mask_intersect (target, &focus->x, &focus->y, &focus->width, &focus->height))
    *focus = whole;

  if (! jf_pixels_read    (&source->pixels, target, &whole, error) ||
      ! read_mask         (source, error) ||
      ! jf_patchwork_init (&source->result, source->pixels.colour.channels, whole.width, whole.height, error))
    return FALSE;

  if (GIMP_IS_LAYER (target))
    read_locks (source);

  return TRUE;
}

static void
read_locks (JfSceneSource *source)
{
  GimpDrawable *target     = source->targets[0];
  GimpImage    *image      = gimp_item_get_image (GIMP_ITEM (target));
  int           n_channels = source->pixels.colour.channels;

  for (int c = 0; c < n_channels; c++)
    source->locked[c] = ! gimp_image_get_component_active (image, n_channels == 1 ? GIMP_CHANNEL_GRAY
                                                                                  : GIMP_CHANNEL_RED + c);

  source->locked[n_channels] = ! gimp_image_get_component_active (image, GIMP_CHANNEL_ALPHA);
  source->locks_alpha        = gimp_layer_get_lock_alpha (GIMP_LAYER (target));
}

/* That of the image, so that nothing is lost which a good screen can show; greys are no less in sRGB. */
static GimpColorProfile *
choose_profile (GimpDrawable *drawable)
{
  GimpColorProfile *profile = NULL;

  if (gimp_drawable_is_rgb (drawable))
    profile = gimp_image_get_color_profile (gimp_item_get_image (GIMP_ITEM (drawable)));

  return profile ? profile : gimp_color_profile_new_rgb_srgb ();
}

/* All layers of an image have one profile and one precision. What is stored as light is shown from light, as in GIMP's
 * windows: values below zero have no codes in some profiles.
 */
static JfRaster
make_raster (GimpDrawable *drawable,
             JfRowFunc     func,
             gpointer      data)
{
  const Babl *stored   = gimp_drawable_get_format (drawable);
  gboolean    is_light = ! strpbrk (babl_format_get_encoding (stored), "'~");

  return (JfRaster) { jf_pixels_get_format (drawable), stored,
                      babl_format_with_space (is_light ? "RGBA float" : "R'G'B'A float",
                                              gimp_drawable_is_rgb (drawable) ? stored : babl_space ("sRGB")),
                      func, data };
}

static gboolean
is_integer (const Babl *format)
{
  const Babl *type = babl_format_get_type (format, 0);

  return type == babl_type ("u8") || type == babl_type ("u16") || type == babl_type ("u32");
}

/* The selection covers the image, wherever the target lies in it. Its values are shares, not colours. */
static gboolean
read_mask (JfSceneSource  *source,
           GError        **error)
{
  GimpItem              *target = GIMP_ITEM (source->targets[0]);
  GimpImage             *image  = gimp_item_get_image (target);
  JfRegion               focus  = source->focus;
  g_autoptr (GeglBuffer) buffer = NULL;
  int                    x, y;

  if (gimp_selection_is_empty (image))
    return TRUE;

  if (! jf_planes_init (&source->mask, 1, focus.width, focus.height, error))
    return FALSE;

  gimp_drawable_get_offsets (source->targets[0], &x, &y);
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (gimp_image_get_selection (image)));
  gegl_buffer_get (buffer, GEGL_RECTANGLE (focus.x + x, focus.y + y, focus.width, focus.height), 1.0,
                   babl_format ("Y float"), source->mask.data, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);

  return TRUE;
}

static Stage *
read_guidance (JfSceneSource  *source,
               GError        **error)
{
  GimpDrawable        *target   = source->targets[0];
  GimpImage           *image    = gimp_item_get_image (GIMP_ITEM (target));
  GimpLayer           *guidance = jf_arguments_get_guidance (source->config, image);
  g_autofree Stage    *stage    = g_new0 (Stage, 1);
  g_auto (JfGuidance)  opened   = { 0 };
  const JfRegion       whole    = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };

  if (! guidance && source->mode->guidance == JF_GUIDANCE_SELF)
    return g_steal_pointer (&stage);

  if (! jf_guidance_check (guidance, image, source->targets, error) ||
      ! jf_guidance_open (&opened, guidance, target, error) ||
      ! jf_guidance_read (&opened, &whole, &stage->guidance, error))
    return NULL;

  stage->overlap = jf_guidance_get_overlap (guidance, target, &source->focus);
  stage->raster  = make_raster (opened.drawable, read_guidance_row, stage);

  return g_steal_pointer (&stage);
}

static void
stage_free (Stage *stage)
{
  jf_scene_free (stage->scene);
  jf_pixels_clear (&stage->guidance);
  g_free (stage);
}

static void
read_picture (JfPreviewSource *preview,
              JfPicture        picture,
              const JfRegion  *region,
              int              shrink,
              float           *rgba)
{
  JfSceneSource *source = JF_SCENE_SOURCE (preview);
  const Stage   *stage  = get_stage (source);
  JfRaster       raster = source->raster;

  if (picture == JF_PICTURE_AFTER)
    raster.func = read_after_row;
  else if (picture == JF_PICTURE_GUIDANCE && stage && stage->raster.func)
    raster = stage->raster;

  jf_raster_draw (&raster, region, shrink, rgba);
}

/* A JfRowFunc. */
static void
read_before_row (int       x,
                 int       y,
                 JfPlanes *row,
                 gpointer  data)
{
  copy_row (&((const JfSceneSource *) data)->pixels.planes, x, y, row);
}

/* A JfRowFunc. */
static void
read_guidance_row (int       x,
                   int       y,
                   JfPlanes *row,
                   gpointer  data)
{
  copy_row (&((const Stage *) data)->guidance.planes, x, y, row);
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

  read_before_row (x, y, row, data);

  if (! source->stage || ! source->stage->scene)
    return;

  colour.channels = source->pixels.colour.channels;
  jf_patchwork_read (&source->result, x, y, &colour);
  jf_scene_blend (source->stage->scene, &region, source->strength, &colour);
  jf_patchwork_cover (&source->result, &source->pixels.colour, x, y, &colour);

  if (source->mode->target == JF_TARGET_STROKES && source->pixels.alpha)
    fill_ground (source, x, y, row);

  if (source->mask.data)
    apply_mask (source, x, y, row);

  keep_locked (source, x, y, row);
}

/* What strokes were painted on is transparent, the coloured photo is not. */
static void
fill_ground (const JfSceneSource *source,
             int                  x,
             int                  y,
             JfPlanes            *row)
{
  JfPlanes before = source->pixels.planes;
  JfPlanes after  = *row;

  before.data     = source->pixels.alpha;
  before.channels = 1;
  after.data      = jf_planes_get_row (row, row->channels - 1, 0, 0);
  after.channels  = 1;

  for (int i = 0; i < row->width; i++)
    after.data[i] = 1.0f;

  jf_patchwork_cover (&source->result, &before, x, y, &after);
}

/* What GIMP does not let a filter change. */
static void
keep_locked (const JfSceneSource *source,
             int                  x,
             int                  y,
             JfPlanes            *row)
{
  for (int c = 0; c < row->channels; c++)
    if (source->locked[c] || (c == source->pixels.colour.channels && source->locks_alpha && ! source->new_layer))
      memcpy (jf_planes_get_row (row, c, 0, 0), jf_planes_get_row (&source->pixels.planes, c, x, y),
              sizeof (float) * row->width);
}

static void
copy_row (const JfPlanes *planes,
          int             x,
          int             y,
          JfPlanes       *row)
{
  for (int c = 0; c < row->channels; c++)
    memcpy (jf_planes_get_row (row, c, 0, 0), jf_planes_get_row (planes, c, x, y), sizeof (float) * row->width);
}

/* As gimp_drawable_merge_shadow () does it: with values that the format can hold, and with light, not with codes. */
static void
apply_mask (const JfSceneSource *source,
            int                  x,
            int                  y,
            JfPlanes            *row)
{
  const Babl       *code   = babl_format (GIMP_IS_CHANNEL (source->targets[0]) ? "Y float" : "Y~ float");
  const Babl       *light  = babl_format ("Y float");
  g_autofree float *before = g_new (float, row->width);
  g_autofree float *shares = get_shares (source, x, y, row);

  for (int c = 0; c < source->pixels.colour.channels; c++)
    {
      float *after = jf_planes_get_row (row, c, 0, 0);

      for (int i = 0; i < row->width && source->clips; i++)
        after[i] = CLAMP (after[i], 0.0f, 1.0f);

      babl_process (babl_fish (code, light), jf_planes_get_row (&source->pixels.colour, c, x, y), before, row->width);
      babl_process (babl_fish (code, light), after, after, row->width);

      for (int i = 0; i < row->width; i++)
        after[i] = before[i] + shares[i] * (after[i] - before[i]);

      babl_process (babl_fish (light, code), after, after, row->width);
    }
}

/* Of the colour after in the mixture, for which alpha counts; mixes alpha itself. */
static float *
get_shares (const JfSceneSource *source,
            int                  x,
            int                  y,
            JfPlanes            *row)
{
  float       *shares = g_new (float, row->width);
  const float *before = source->pixels.alpha ? source->pixels.alpha + (gsize) y * source->pixels.planes.width + x : NULL;
  float       *after  = before ? jf_planes_get_row (row, row->channels - 1, 0, 0) : NULL;

  for (int i = 0; i < row->width; i++)
    {
      float mask = get_mask (source, x + i, y);

      shares[i] = mask;

      if (! after || before[i] == after[i])
        continue;

      shares[i] = after[i] * mask;
      after[i]  = before[i] * (1.0f - mask) + shares[i];
      shares[i] = after[i] > 0.0f ? shares[i] / after[i] : 0.0f;
    }

  return shares;
}

static float
get_mask (const JfSceneSource *source,
          int                  x,
          int                  y)
{
  int column = x - source->focus.x;
  int row    = y - source->focus.y;

  if (column < 0 || row < 0 || column >= source->focus.width || row >= source->focus.height)
    return 0.0f;

  return *jf_planes_get_row (&source->mask, 0, column, row);
}

/*  what is wanted  */

static const Babl *
get_format (JfPreviewSource   *preview,
            GimpColorProfile **profile)
{
  const JfSceneSource *source = JF_SCENE_SOURCE (preview);

  *profile = source->profile;

  return source->raster.shown;
}

static void
request (JfPreviewSource *preview,
         const JfRegion  *region)
{
  JfSceneSource *source = JF_SCENE_SOURCE (preview);

  source->requested = region && intersect (region, &source->focus, &source->request);

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

  jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, &source->focus);
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

  jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, &source->focus);
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
    start (source, WORK_PREPARE, &part);
  else if (jf_patchwork_find (&source->result, &source->request, &part))
    start (source, WORK_RENDER, &part);
  else if (source->stage->guidance.planes.data && ! source->stage->measured)
    start (source, WORK_MEASURE, &part);
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
    case WORK_RENDER:
      return intersect (&source->part, &source->request, &common);

    case WORK_MEASURE:
      return ! jf_patchwork_find (&source->result, &source->request, &part);

    default:
      return TRUE;
    }
}

/* What is shown stays until something better takes its place. The main loop runs meanwhile. */
static void
change_guidance (JfSceneSource *source)
{
  const JfRegion     whole = { 0, 0, source->pixels.planes.width, source->pixels.planes.height };
  g_autoptr (GError) error = NULL;

  source->other_guidance = FALSE;
  g_clear_pointer (&source->next, stage_free);

  source->reading = TRUE;
  source->next    = read_guidance (source, &error);
  source->reading = FALSE;

  if (error)
    set_status (source, error->message);

  jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_GUIDANCE, &whole);
}

static void
set_status (JfSceneSource *source,
            const char    *message)
{
  gboolean running = source->reading || (source->cancellable && source->kind != WORK_MEASURE);
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
       WorkKind        kind,
       const JfRegion *part)
{
  Work             *work = g_new0 (Work, 1);
  g_autoptr (GTask) task = NULL;

  source->kind        = kind;
  source->part        = *part;
  source->cancellable = g_cancellable_new ();

  work->kind   = kind;
  work->mode   = source->mode;
  work->target = &source->pixels;
  work->stage  = get_stage (source);
  work->part   = *part;
  work->task   = (JfTask) { gimp_get_num_processors (), source->cancellable, NULL, NULL };
  work->stream = stream_new (source);
  work->former = source->pipeline ? jf_pipeline_ref (source->pipeline) : NULL;
  jf_arguments_get_options (source->config, source->mode, &work->options);

  task = g_task_new (source, source->cancellable, finish, NULL);
  g_task_set_task_data (task, work, work_free);
  g_task_run_in_thread (task, run);
}

/* A GTaskThreadFunc. */
static void
run (GTask        *task,
     gpointer      object,
     gpointer      data,
     GCancellable *cancellable)
{
  static gboolean (* const functions[]) (Work *, GError **) = { prepare, render, measure };

  Work   *work  = data;
  GError *error = NULL;

  if (functions[work->kind] (work, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* The main thread may be showing what the stage's scene knows of strokes, which other arguments change. */
static gboolean
prepare (Work    *work,
         GError **error)
{
  const Stage    *stage    = work->stage;
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
render (Work    *work,
        GError **error)
{
  const JfSceneWatcher watcher = { on_part, work->stream };

  return jf_planes_init (&work->output, work->target->colour.channels, work->part.width, work->part.height, error) &&
         jf_scene_render (work->stage->scene, &work->part, &work->task, &watcher, &work->output, error);
}

static gboolean
measure (Work    *work,
         GError **error)
{
  return jf_align_estimate (&work->target->colour, &work->stage->guidance.colour, JF_ALIGN_SIMILARITY,
                            work->task.cancellable, &work->stage->align, error);
}

static Stream *
stream_new (JfSceneSource *source)
{
  Stream *stream = g_atomic_rc_box_new0 (Stream);

  g_mutex_init (&stream->mutex);
  stream->source = source;

  return stream;
}

static void
stream_clear (gpointer data)
{
  Stream *stream = data;

  g_queue_clear_full (&stream->parts, part_free);
  g_mutex_clear (&stream->mutex);
}

static void
stream_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, stream_clear);
}

/* Of a #JfSceneWatcher. */
static void
on_part (const JfRegion *region,
         const JfPlanes *planes,
         gpointer        data)
{
  Stream *stream = data;
  Part   *part   = g_new0 (Part, 1);

  part->region = *region;

  /* What cannot be kept now is there when all is done. */
  if (! jf_planes_crop (&part->planes, planes, &(JfRegion) { 0, 0, region->width, region->height }, NULL))
    {
      g_free (part);
      return;
    }

  g_mutex_lock (&stream->mutex);
  g_queue_push_tail (&stream->parts, part);

  if (! stream->announced)
    g_idle_add_full (G_PRIORITY_DEFAULT, on_announced, g_atomic_rc_box_acquire (stream), stream_unref);

  stream->announced = TRUE;
  g_mutex_unlock (&stream->mutex);
}

/* A GSourceFunc. */
static gboolean
on_announced (gpointer data)
{
  Stream *stream = data;

  g_mutex_lock (&stream->mutex);
  stream->announced = FALSE;
  g_mutex_unlock (&stream->mutex);

  if (stream->source && ! g_cancellable_is_cancelled (stream->source->cancellable))
    show_parts (stream);

  return G_SOURCE_REMOVE;
}

static Part *
stream_take (Stream *stream)
{
  Part *part;

  g_mutex_lock (&stream->mutex);
  part = g_queue_pop_head (&stream->parts);
  g_mutex_unlock (&stream->mutex);

  return part;
}

/* In the order in which they came: a later one may be of a later pass. */
static void
show_parts (Stream *stream)
{
  JfSceneSource *source = stream->source;
  Part          *part;

  while ((part = stream_take (stream)))
    {
      jf_patchwork_put (&source->result, &part->region, &part->planes, FALSE);
      jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, &part->region);
      part_free (part);
    }
}

static void
part_free (gpointer data)
{
  Part *part = data;

  jf_planes_clear (&part->planes);
  g_free (part);
}

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_pointer (&work->stream, stream_unref);

  jf_planes_clear (&work->output);
  jf_scene_free (work->scene);
  g_clear_pointer (&work->pipeline, jf_pipeline_unref);
  g_clear_pointer (&work->former, jf_pipeline_unref);
  g_free (work);
}

/* A GAsyncReadyCallback. What was cancelled counts as failed, even if it is done. */
static void
finish (GObject      *object,
        GAsyncResult *result,
        gpointer      data)
{
  JfSceneSource     *source = JF_SCENE_SOURCE (object);
  GTask             *task   = G_TASK (result);
  Work              *work   = g_task_get_task_data (task);
  g_autoptr (GError) error  = NULL;

  g_clear_object (&source->cancellable);
  work->stream->source = NULL;

  if (g_task_propagate_boolean (task, &error))
    keep (source, work);
  else if (! g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_status (source, error->message);

  /* The next part is computed while this one is drawn. */
  advance (source);

  if (! error && work->kind == WORK_RENDER)
    jf_preview_source_changed (JF_PREVIEW_SOURCE (source), JF_PICTURE_AFTER, &work->part);
  else if (! error)
    jf_preview_source_status (JF_PREVIEW_SOURCE (source));
}

static void
keep (JfSceneSource *source,
      Work          *work)
{
  switch (work->kind)
    {
    case WORK_PREPARE:
      keep_stage (source, work);
      break;

    case WORK_RENDER:
      jf_patchwork_put (&source->result, &work->part, &work->output, TRUE);
      break;

    case WORK_MEASURE:
      work->stage->measured = TRUE;
      break;
    }
}

static void
keep_stage (JfSceneSource *source,
            Work          *work)
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
      g_clear_pointer (&source->stage, stage_free);
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
