/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scene: a target and its guidance with all that concerns the whole of them found out, so that any part of the
 * result can be computed
 *
 * Every pass of the network over a part needs its halo around it from the pass before. So the first pass computes
 * the part with the halos of all that follow, the next one halo less, and so on: never more than the whole picture.
 */
#include <string.h>

#include "colorize.h"
#include "noise.h"
#include "resample.h"
#include "sample.h"
#include "scene.h"
#include "visible.h"


struct _JfScene
{
  JfPipeline  *pipeline;
  JfFilter    *filter;         /* of the pipeline                                         */
  JfPlanes     target;         /* the caller's memory; a size only where it is strokes    */
  JfPlanes     guidance;       /* the caller's memory; a size only where it guides strokes */
  const float *alpha;          /* the caller's memory; NULL: all opaque                   */
  gboolean     guides_itself;

  JfMotion     motion;         /* that was looked for                                     */
  JfAlign      align;          /* and found                                               */
  JfPlanes     aligned;        /* the guidance where it lies on the target; or no planes  */

  JfPlanes     input;          /* what the network filters: the target or own_input       */
  JfPlanes     guide;          /* and is guided by: the guidance, aligned or own_guide    */
  JfPlanes     own_input;
  JfPlanes     own_guide;

  JfPlanes     strokes;        /* chroma, where the target is strokes                     */
  JfPlanes     stroke_alpha;   /* how much of a stroke pixels are                         */

  JfNoise      estimate;       /* of the target's noise                                   */
  gboolean     has_estimate;   /* whether anybody wanted it so far                        */
};

/* One call of jf_scene_render(). */
typedef struct
{
  const JfScene        *scene;
  const JfRegion       *region;
  const JfSceneWatcher *watcher;
} Rendering;

/* One pass of it. */
typedef struct
{
  const Rendering *rendering;
  const JfRegion  *area;         /* what is known of the target before it */
  const JfRegion  *region;       /* and after it                          */
  const JfPlanes  *output;       /* of the region                         */
} Pass;


static gboolean take_sample    (JfPlanes        *sample,
                                const JfPlanes  *picture);
static JfNoise  estimate_visible_noise
                               (const JfPlanes  *target,
                                const float     *alpha,
                                const JfPlanes  *guidance);
static gboolean align          (JfScene         *scene,
                                const JfTask    *task,
                                GError         **error);
static gboolean make_guide     (JfScene         *scene,
                                GError         **error);
static gboolean make_input     (JfScene         *scene,
                                GError         **error);
static gboolean take_strokes   (JfScene         *scene,
                                GError         **error);
static gboolean spread_strokes (JfScene         *scene,
                                const JfTask    *task,
                                GError         **error);
static gboolean find_strokes   (JfScene         *scene,
                                GError         **error);
static gboolean is_transparent (const float     *alpha,
                                gsize            n_pixels);
static void     join_colours   (const JfScene   *scene,
                                const JfRegion  *region,
                                JfPlanes        *planes,
                                JfPlanes        *output);
static gboolean render_passes  (const Rendering *rendering,
                                const JfTask    *task,
                                JfPlanes        *output,
                                GError         **error);
static gboolean render_pass    (const Rendering *rendering,
                                JfPlanes        *picture,
                                JfRegion        *area,
                                const JfRegion  *next,
                                const JfTask    *task,
                                GError         **error);
static gboolean apply          (const Rendering *rendering,
                                const JfPlanes  *picture,
                                const JfRegion  *area,
                                const JfRegion  *region,
                                const JfTask    *task,
                                JfPlanes        *output,
                                GError         **error);
static void     on_part        (const JfRegion  *part,
                                gpointer         data);
static void     tell           (const Pass      *pass,
                                const JfRegion  *part);
static gboolean intersect      (const JfRegion  *region,
                                const JfRegion  *other,
                                JfRegion        *common);
static JfRegion expand         (const JfScene   *scene,
                                const JfRegion  *region,
                                int              n_passes);
static JfRegion expand_in      (const JfModel   *model,
                                int              width,
                                int              height,
                                const JfRegion  *region,
                                int              n_passes);
static double   count_pixels   (const JfScene   *scene,
                                const JfRegion  *region,
                                int              n_passes);


/*  public functions  */

/**
 * jf_scene_get_area:
 * @pipeline: what to do
 * @width:    of a target
 * @height:   of a target
 * @region:   a part of it
 *
 * A scene of this area, cut out of the target and its guidance, renders @region as one of the whole target does, but for
 * the noise: where it is to be estimated, that is of the whole target (jf_scene_set_estimate ()).
 *
 * Returns: what has to be known of the target: @region with the halos of all passes; everything where colours spread
 *          from strokes, or the guidance is laid on the target
 */
JfRegion
jf_scene_get_area (const JfPipeline *pipeline,
                   int               width,
                   int               height,
                   const JfRegion   *region)
{
  const JfModel *model = jf_filter_get_model (jf_pipeline_get_filter (pipeline, width, height));

  if (pipeline->mode->target == JF_TARGET_STROKES || pipeline->options.motion != JF_MOTION_NONE)
    return (JfRegion) { 0, 0, width, height };

  return expand_in (model, width, height, region, pipeline->options.iterations);
}

/**
 * jf_scene_estimate_noise:
 * @target:   a picture, or a sample of one
 * @alpha:    (nullable): a plane of its size, 0..1, where it has transparent parts
 * @guidance: (nullable): what guides it, of its size; a sample of the same squares
 *
 * Transparent parts are flat and would pull the estimate towards zero: they are left out. Of a large picture its sample
 * is measured, so that who has no more than this finds the same.
 *
 * Returns: the target's noise, as jf_noise_estimate ()
 */
JfNoise
jf_scene_estimate_noise (const JfPlanes *target,
                         const float    *alpha,
                         const JfPlanes *guidance)
{
  const JfPlanes    plane   = { (float *) alpha, 1, target->width, target->height };    /* only read */
  g_auto (JfPlanes) few     = { 0 };
  g_auto (JfPlanes) opacity = { 0 };
  g_auto (JfPlanes) guides  = { 0 };

  if (! take_sample (&few, target) ||
      (alpha && ! take_sample (&opacity, &plane)) || (guidance && ! take_sample (&guides, guidance)))
    return estimate_visible_noise (target, alpha, guidance);

  return estimate_visible_noise (&few, opacity.data, guidance ? &guides : NULL);
}

/**
 * jf_scene_new:
 * @pipeline: (transfer none): what to do
 * @target:   the picture to filter, 1 or 3 planes, sRGB-encoded, 0..1 nominal
 * @alpha:    (nullable): a plane of the target's size, 0..1, where it has transparent parts
 * @guidance: (nullable): the picture that guides, 1 or 3 planes of the target's size; %NULL if the target
 *            guides itself
 * @task:     how to find out what concerns the whole
 * @error:    return location for an error, %G_IO_ERROR_CANCELLED among others
 *
 * As jf_scene_open () and jf_scene_prepare ().
 *
 * Returns: (transfer full) (nullable): free with jf_scene_free ()
 */
JfScene *
jf_scene_new (JfPipeline      *pipeline,
              const JfPlanes  *target,
              const float     *alpha,
              const JfPlanes  *guidance,
              const JfTask    *task,
              GError         **error)
{
  g_autoptr (JfScene) scene = jf_scene_open (pipeline, target, alpha, guidance, error);

  return scene && jf_scene_prepare (scene, task, error) ? g_steal_pointer (&scene) : NULL;
}

/**
 * jf_scene_open:
 * @pipeline: (transfer none): what to do
 * @target:   as in jf_scene_new ()
 * @alpha:    (nullable): as there
 * @guidance: (nullable): as there
 * @error:    return location for an error
 *
 * The scene only refers to the pictures, which have to outlive it and must not change. Where the target is strokes it
 * takes what it needs of them, so they may go before memory is needed to spread the strokes.
 *
 * Returns: (transfer full) (nullable): a scene to give to jf_scene_prepare (); free with jf_scene_free ()
 */
JfScene *
jf_scene_open (JfPipeline      *pipeline,
               const JfPlanes  *target,
               const float     *alpha,
               const JfPlanes  *guidance,
               GError         **error)
{
  g_autoptr (JfScene) scene = g_new0 (JfScene, 1);

  scene->pipeline      = jf_pipeline_ref (pipeline);
  scene->target        = *target;
  scene->guidance      = guidance ? *guidance : *target;
  scene->guides_itself = ! guidance;
  scene->alpha         = alpha;

  return make_guide (scene, error) &&
         make_input (scene, error) &&
         (pipeline->mode->target != JF_TARGET_STROKES || take_strokes (scene, error)) ? g_steal_pointer (&scene) : NULL;
}

/**
 * jf_scene_prepare:
 * @scene: a scene
 * @task:  how to find out what concerns the whole
 * @error: return location for an error, %G_IO_ERROR_CANCELLED among others
 *
 * Returns: TRUE on success; otherwise the scene cannot be rendered
 */
gboolean
jf_scene_prepare (JfScene       *scene,
                  const JfTask  *task,
                  GError       **error)
{
  return (scene->pipeline->mode->target != JF_TARGET_STROKES || spread_strokes (scene, task, error)) &&
         jf_scene_set_pipeline (scene, scene->pipeline, task, error);
}

/**
 * jf_scene_free:
 * @scene: (nullable): a scene
 */
void
jf_scene_free (JfScene *scene)
{
  if (! scene)
    return;

  jf_planes_clear (&scene->aligned);
  jf_planes_clear (&scene->own_input);
  jf_planes_clear (&scene->own_guide);
  jf_planes_clear (&scene->strokes);
  jf_planes_clear (&scene->stroke_alpha);
  jf_pipeline_unref (scene->pipeline);
  g_free (scene);
}

/**
 * jf_scene_set_pipeline:
 * @scene:    a scene that no thread is rendering
 * @pipeline: (transfer none): what to do from now on: the same mode with other options
 * @task:     how to find out what concerns the whole
 * @error:    return location for an error
 *
 * Finds out only what was not known and now matters.
 *
 * Returns: TRUE on success; otherwise the scene cannot be rendered
 */
gboolean
jf_scene_set_pipeline (JfScene       *scene,
                       JfPipeline    *pipeline,
                       const JfTask  *task,
                       GError       **error)
{
  JfPipeline *former = scene->pipeline;

  scene->pipeline = jf_pipeline_ref (pipeline);
  jf_pipeline_unref (former);

  scene->filter = jf_pipeline_get_filter (pipeline, scene->target.width, scene->target.height);

  if (pipeline->options.motion != scene->motion && ! scene->guides_itself &&
      (! align (scene, task, error) || ! make_guide (scene, error)))
    return FALSE;

  if (! scene->has_estimate && jf_pipeline_wants_noise (pipeline, scene->target.width, scene->target.height))
    {
      const JfNoise noise = jf_scene_estimate_noise (&scene->target, scene->alpha,
                                                     scene->guides_itself ? NULL :
                                                     scene->aligned.data  ? &scene->aligned : &scene->guidance);

      jf_scene_set_estimate (scene, &noise);
    }

  return ! g_cancellable_set_error_if_cancelled (task->cancellable, error);
}

/**
 * jf_scene_set_estimate:
 * @scene: a scene that is not prepared yet
 * @noise: what jf_scene_estimate_noise () found in the whole target, of which the scene has a part
 */
void
jf_scene_set_estimate (JfScene       *scene,
                       const JfNoise *noise)
{
  scene->estimate     = *noise;
  scene->has_estimate = TRUE;
}

/**
 * jf_scene_get_noise:
 * @scene: a scene
 *
 * Where the user tells the level, the excess is as much of that as it is of the level that is estimated.
 *
 * Returns: what the network takes the target's noise for, full scale is 1; none if it takes none
 */
JfNoise
jf_scene_get_noise (const JfScene *scene)
{
  const float level = (float) scene->pipeline->options.noise_level;
  JfNoise     noise = scene->estimate;

  if (! jf_filter_get_model (scene->filter)->noise_level)
    return (JfNoise) { 0 };

  if (level > 0.0f)
    jf_noise_set_level (&noise, level);

  return noise;
}

/**
 * jf_scene_get_estimate:
 * @scene: a scene
 *
 * Returns: (transfer none) (nullable): what the target's noise was estimated at; %NULL if nobody wanted to know
 */
const JfNoise *
jf_scene_get_estimate (const JfScene *scene)
{
  return scene->has_estimate ? &scene->estimate : NULL;
}

/**
 * jf_scene_get_align:
 * @scene: a scene
 *
 * Returns: (transfer none) (nullable): how the guidance was found to lie on the target; %NULL if nobody wanted
 *          to know
 */
const JfAlign *
jf_scene_get_align (const JfScene *scene)
{
  return scene->motion != JF_MOTION_NONE ? &scene->align : NULL;
}

/**
 * jf_scene_render:
 * @scene:   a scene; several threads may render it at once
 * @region:  the part to compute, in pixels of the target
 * @task:    how
 * @watcher: (nullable): who is told of parts of it
 * @output:  (inout): planes as many as the target's, of the region's size
 * @error:   return location for an error, %G_IO_ERROR_CANCELLED among others
 *
 * Computes the result at full strength. That of a region differs from the same part of the whole by
 * rounding only, as in jf_filter_apply ().
 *
 * Returns: TRUE on success; on failure the contents of @output are undefined
 */
gboolean
jf_scene_render (const JfScene         *scene,
                 const JfRegion        *region,
                 const JfTask          *task,
                 const JfSceneWatcher  *watcher,
                 JfPlanes              *output,
                 GError               **error)
{
  const JfColour    *colour    = scene->pipeline->mode->colour;
  const Rendering    rendering = { scene, region, watcher };
  g_auto (JfPlanes)  planes    = { 0 };

  if (! colour->join)
    return render_passes (&rendering, task, output, error);

  if (! jf_planes_init (&planes, colour->target_planes, region->width, region->height, error) ||
      ! render_passes (&rendering, task, &planes, error))
    return FALSE;

  join_colours (scene, region, &planes, output);

  return TRUE;
}

/**
 * jf_scene_blend:
 * @scene:    a scene
 * @region:   a part of the target
 * @strength: how much of the change to keep; 0 none, 1 all of it
 * @output:   (inout): the result of jf_scene_render () for @region
 *
 * Lessens the change without computing anew. Without any of it pictures are as they were; where the target is
 * strokes, the guidance without colour is.
 */
void
jf_scene_blend (const JfScene  *scene,
                const JfRegion *region,
                double          strength,
                JfPlanes       *output)
{
  jf_planes_blend (output, scene->strokes.data ? &scene->guide : &scene->target, region, (float) strength);
}


/*  private functions  */

/* Returns FALSE for a small picture. */
static gboolean
take_sample (JfPlanes       *sample,
             const JfPlanes *picture)
{
  const int n_squares = jf_sample_count (picture->width, picture->height);

  if (n_squares == 0 || ! jf_sample_init (sample, picture->channels, picture->width, picture->height, NULL))
    return FALSE;

  for (int i = 0; i < n_squares; i++)
    {
      const JfRegion square = jf_sample_get_square (picture->width, picture->height, i);

      jf_sample_copy (sample, i, picture, &square);
    }

  return TRUE;
}

static JfNoise
estimate_visible_noise (const JfPlanes *target,
                        const float    *alpha,
                        const JfPlanes *guidance)
{
  g_auto (JfPlanes) visible = { 0 };
  g_auto (JfPlanes) guides  = { 0 };

  if (! alpha || ! jf_visible_init (&visible, target, alpha) ||
      (guidance && ! jf_visible_init (&guides, guidance, alpha)))
    return jf_noise_estimate (target, guidance);

  return jf_noise_estimate (&visible, guidance ? &guides : NULL);
}

static gboolean
align (JfScene       *scene,
       const JfTask  *task,
       GError       **error)
{
  static const JfAlignKind kinds[] =
  {
    [JF_MOTION_SHIFT] = JF_ALIGN_TRANSLATION,
    [JF_MOTION_TURN]  = JF_ALIGN_SIMILARITY
  };

  const JfPlanes *guidance = &scene->guidance;

  jf_planes_clear (&scene->aligned);
  scene->motion       = scene->pipeline->options.motion;
  scene->has_estimate = FALSE;

  if (scene->motion == JF_MOTION_NONE)
    return TRUE;

  if (! jf_align_estimate (&scene->target, guidance, kinds[scene->motion], task->cancellable, &scene->align, error))
    return FALSE;

  return jf_align_is_identity (&scene->align) ||
         (jf_planes_init (&scene->aligned, guidance->channels, guidance->width, guidance->height, error) &&
          jf_align_warp (&scene->align, guidance, task->cancellable, &scene->aligned, error));
}

static gboolean
make_guide (JfScene  *scene,
            GError  **error)
{
  const JfColour *colour = scene->pipeline->mode->colour;

  scene->guide = scene->aligned.data ? scene->aligned : scene->guidance;

  if (! colour->guide)
    return TRUE;

  if (! scene->own_guide.data &&
      ! jf_planes_init (&scene->own_guide, 1, scene->target.width, scene->target.height, error))
    return FALSE;

  colour->guide (&scene->guide, &scene->own_guide);
  scene->guide = scene->own_guide;

  return TRUE;
}

static gboolean
make_input (JfScene  *scene,
            GError  **error)
{
  const JfColour *colour = scene->pipeline->mode->colour;

  scene->input = scene->target;

  if (! colour->split)
    return TRUE;

  if (! jf_planes_init (&scene->own_input, colour->target_planes, scene->target.width, scene->target.height, error))
    return FALSE;

  colour->split (&scene->target, &scene->own_input);
  scene->input = scene->own_input;

  return TRUE;
}

/* So far the input is the chroma of the strokes. */
static gboolean
take_strokes (JfScene  *scene,
              GError  **error)
{
  scene->strokes   = scene->own_input;
  scene->own_input = (JfPlanes) { 0 };

  if (! find_strokes (scene, error))
    return FALSE;

  scene->target.data   = NULL;
  scene->guidance.data = NULL;
  scene->alpha         = NULL;

  return TRUE;
}

/* The input becomes the enlarged solution. */
static gboolean
spread_strokes (JfScene       *scene,
                const JfTask  *task,
                GError       **error)
{
  g_auto (JfPlanes) chroma = { 0 };
  int               factor = jf_colorize_get_factor (scene->target.width, scene->target.height);

  if (! jf_colorize_solve (&scene->guide, &scene->strokes, scene->stroke_alpha.data, factor, task->cancellable,
                           &chroma, error) ||
      ! jf_planes_init (&scene->own_input, chroma.channels, scene->target.width, scene->target.height, error))
    return FALSE;

  jf_resample_enlarge (&chroma, factor, &scene->own_input);
  scene->input = scene->own_input;

  return TRUE;
}

/* On a transparent ground they are what is opaque. */
static gboolean
find_strokes (JfScene  *scene,
              GError  **error)
{
  const JfPlanes *target   = &scene->target;
  gsize           n_pixels = (gsize) target->width * target->height;

  if (! jf_planes_init (&scene->stroke_alpha, 1, target->width, target->height, error))
    return FALSE;

  if (! scene->alpha || ! is_transparent (scene->alpha, n_pixels))
    return jf_colorize_find_strokes (target, &scene->guidance, scene->stroke_alpha.data, error);

  memcpy (scene->stroke_alpha.data, scene->alpha, sizeof (float) * n_pixels);

  return TRUE;
}

static gboolean
is_transparent (const float *alpha,
                gsize        n_pixels)
{
  for (gsize i = 0; i < n_pixels; i++)
    if (alpha[i] < 1.0f)
      return TRUE;

  return FALSE;
}

/* Where the network does not see all of the colours. */
static void
join_colours (const JfScene  *scene,
              const JfRegion *region,
              JfPlanes       *planes,
              JfPlanes       *output)
{
  if (scene->strokes.data)
    jf_colorize_keep_strokes (&scene->strokes, scene->stroke_alpha.data, region, planes);

  scene->pipeline->mode->colour->join (planes, &scene->guide, region, output);
}

/* The last pass is the region itself. */
static gboolean
render_passes (const Rendering *rendering,
               const JfTask    *task,
               JfPlanes        *output,
               GError         **error)
{
  const JfScene     *scene    = rendering->scene;
  const JfRegion    *region   = rendering->region;
  int                n_passes = scene->pipeline->options.iterations;
  double             n_pixels = count_pixels (scene, region, n_passes);
  double             done     = 0.0;
  JfRegion           area     = { 0, 0, scene->target.width, scene->target.height };
  g_auto (JfPlanes)  picture  = { 0 };
  JfTaskPart         part;

  for (int n_left = n_passes - 1; n_left > 0; n_left--)
    {
      JfRegion next   = expand (scene, region, n_left);
      double   length = (double) next.width * next.height / n_pixels;

      jf_task_part_init (&part, task, done, length);

      if (! render_pass (rendering, &picture, &area, &next, &part.task, error))
        return FALSE;

      done += length;
    }

  jf_task_part_init (&part, task, done, 1.0 - done);

  return apply (rendering, picture.data ? &picture : &scene->input, &area, region, &part.task, output, error);
}

/* @picture: (inout): the result of the pass before, all zero before the first pass
 * @area:    (inout): what part of the target it is
 */
static gboolean
render_pass (const Rendering *rendering,
             JfPlanes        *picture,
             JfRegion        *area,
             const JfRegion  *next,
             const JfTask    *task,
             GError         **error)
{
  const JfPlanes    *input  = &rendering->scene->input;
  g_auto (JfPlanes)  result = { 0 };

  if (! jf_planes_init (&result, input->channels, next->width, next->height, error) ||
      ! apply (rendering, picture->data ? picture : input, area, next, task, &result, error))
    return FALSE;

  jf_planes_clear (picture);
  *picture = result;
  *area    = *next;
  result   = (JfPlanes) { 0 };

  return TRUE;
}

/* Runs the network over the part @region of the target, which is known in @area as @picture. A picture that guides
 * itself does so as it is after each pass: guided by what it was before, textures would come back.
 */
static gboolean
apply (const Rendering *rendering,
       const JfPlanes  *picture,
       const JfRegion  *area,
       const JfRegion  *region,
       const JfTask    *task,
       JfPlanes        *output,
       GError         **error)
{
  const JfScene     *scene   = rendering->scene;
  const Pass         pass    = { rendering, area, region, output };
  JfRegion           inside  = { region->x - area->x, region->y - area->y, region->width, region->height };
  JfFilterOptions    options = { jf_scene_get_noise (scene), &inside, *task,
                                 rendering->watcher ? on_part : NULL, (gpointer) &pass };
  g_auto (JfPlanes)  crop    = { 0 };
  const JfPlanes    *guide   = &scene->guide;

  if (picture != &scene->input && scene->guides_itself)
    {
      guide = picture;
    }
  else if (area->width != scene->target.width || area->height != scene->target.height)
    {
      if (! jf_planes_crop (&crop, &scene->guide, area, error))
        return FALSE;

      guide = &crop;
    }

  if (! jf_filter_apply (scene->filter, picture, guide, &options, output, error))
    return FALSE;

  return TRUE;
}

/* A JfRegionFunc. */
static void
on_part (const JfRegion *part,
         gpointer        data)
{
  const Pass *pass = data;
  JfRegion    seen = { part->x + pass->area->x, part->y + pass->area->y, part->width, part->height };

  if (intersect (&seen, pass->rendering->region, &seen))
    tell (pass, &seen);
}

static void
tell (const Pass     *pass,
      const JfRegion *part)
{
  const JfScene        *scene   = pass->rendering->scene;
  const JfSceneWatcher *watcher = pass->rendering->watcher;
  JfRegion              inside  = { part->x - pass->region->x, part->y - pass->region->y, part->width, part->height };
  g_auto (JfPlanes)     planes  = { 0 };
  g_auto (JfPlanes)     result  = { 0 };

  /* Who has no memory for this is told later, or of an error. */
  if (! jf_planes_crop (&planes, pass->output, &inside, NULL))
    return;

  if (! scene->pipeline->mode->colour->join)
    {
      watcher->func (part, &planes, watcher->data);
    }
  else if (jf_planes_init (&result, scene->target.channels, part->width, part->height, NULL))
    {
      join_colours (scene, part, &planes, &result);
      watcher->func (part, &result, watcher->data);
    }
}

static gboolean
intersect (const JfRegion *region,
           const JfRegion *other,
           JfRegion       *common)
{
  int x     = MAX (region->x, other->x);
  int y     = MAX (region->y, other->y);
  int right = MIN (region->x + region->width,  other->x + other->width);
  int below = MIN (region->y + region->height, other->y + other->height);

  *common = (JfRegion) { x, y, right - x, below - y };

  return right > x && below > y;
}

static JfRegion
expand (const JfScene  *scene,
        const JfRegion *region,
        int             n_passes)
{
  return expand_in (jf_filter_get_model (scene->filter), scene->target.width, scene->target.height, region, n_passes);
}

/* What @n_passes more passes over @region look at. It begins with a whole block, as the pictures that the network
 * takes do, and ends with one or with the picture.
 */
static JfRegion
expand_in (const JfModel  *model,
           int             width,
           int             height,
           const JfRegion *region,
           int             n_passes)
{
  int block = model->space_to_depth;
  int halo  = model->halo * n_passes;
  int x     = MAX (region->x / block * block - halo, 0);
  int y     = MAX (region->y / block * block - halo, 0);
  int right = ((region->x + region->width  - 1) / block + 1) * block + halo;
  int below = ((region->y + region->height - 1) / block + 1) * block + halo;

  return (JfRegion) { x, y, MIN (right, width) - x, MIN (below, height) - y };
}

/* The sum over all passes, which is what their time goes with. */
static double
count_pixels (const JfScene  *scene,
              const JfRegion *region,
              int             n_passes)
{
  double n_pixels = (double) region->width * region->height;

  for (int n_left = 1; n_left < n_passes; n_left++)
    {
      JfRegion area = expand (scene, region, n_left);

      n_pixels += (double) area.width * area.height;
    }

  return n_pixels;
}
