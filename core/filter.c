/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * filter: the public call, planes in, planes out
 *
 * A model's coarse network runs first, and the other one is given its result. Both run over one slab of the region after the
 * other, so that memory does not grow with the picture.
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "filter.h"
#include "network.h"
#include "tiles.h"

/* Pixels of a slab, at least as many rows as so many halos: the hint is made twice where they meet. Of 12 MP half as large ones
 * take 1 to 4 % longer, twice as large ones no less (two cores of an Emerald Rapids, 96 and 128 channels).
 */
#define SLAB_AREA      (8 << 20)
#define MIN_SLAB_HALOS 8

#define MAX_PLANES 3

enum
{
  FINE,
  COARSE,
  N_NETWORKS
};

struct _JfFilter
{
  JfModel         *model;
  JfCrew          *crew;
  JfGemmPath       path;
  JfNetworkMethod  method;
  GMutex           mutex;                                           /* of the rest, which is made when first wanted */
  JfNetwork       *networks[N_NETWORKS][MAX_PLANES][MAX_PLANES];    /* by planes less 1: [][target][guidance] */
  JfPlanes         memory;                                          /* that the last call's hint had */
};

/* One call of jf_filter_apply(). */
typedef struct
{
  JfFilter              *filter;
  const JfFilterOptions *options;
  JfBandJob              job;       /* of the model's own network, without a hint */
  double                 done;      /* multiplications                            */
  double                 total;
  JfRegion               largest;   /* of the parts of the hint                   */
  JfPlanes               memory;    /* for it                                     */
} Call;

G_DEFINE_QUARK (jf-filter-error-quark, jf_filter_error)

/*  private functions  */

static gboolean
check_planes (const JfPlanes  *planes,
              const char      *what,
              gboolean         two_as_well,
              GError         **error)
{
  if (planes->channels == 1 || planes->channels == 3 || (two_as_well && planes->channels == 2))
    return TRUE;

  g_set_error (error, JF_FILTER_ERROR, JF_FILTER_ERROR_ARGUMENT,
               /* TRANSLATORS: %s is "target" or "guidance" */
               _("The %s has %d channels, but only pictures of 1 or 3 channels can be filtered"),
               what, planes->channels);
  return FALSE;
}

static gboolean
check_arguments (const JfFilter  *filter,
                 const JfPlanes  *target,
                 const JfPlanes  *guidance,
                 const JfRegion  *region,
                 const JfNoise   *noise,
                 const JfPlanes  *output,
                 GError         **error)
{
  if (! check_planes (target, _("target"), filter->model->target_channels == 1, error) ||
      ! check_planes (guidance, _("guidance"), FALSE, error))
    return FALSE;

  if (target->width != guidance->width || target->height != guidance->height)
    {
      g_set_error (error, JF_FILTER_ERROR, JF_FILTER_ERROR_ARGUMENT,
                   _("The target is %d × %d pixels but the guidance %d × %d: they must be of one size"),
                   target->width, target->height, guidance->width, guidance->height);
      return FALSE;
    }

  if (region->x < 0 || region->y < 0 || region->width < 1 || region->height < 1 ||
      region->width > target->width - region->x || region->height > target->height - region->y)
    {
      g_set_error (error, JF_FILTER_ERROR, JF_FILTER_ERROR_ARGUMENT,
                   _("The region to filter does not lie within the target"));
      return FALSE;
    }

  if (output->channels != target->channels ||
      output->width != region->width || output->height != region->height)
    {
      g_set_error (error, JF_FILTER_ERROR, JF_FILTER_ERROR_ARGUMENT,
                   _("The output must have the target's channels and the region's size"));
      return FALSE;
    }

  if (filter->model->noise_level && ! (noise->level >= 0.0f && noise->level <= G_MAXFLOAT))
    {
      g_set_error (error, JF_FILTER_ERROR, JF_FILTER_ERROR_ARGUMENT,
                   _("The noise level must be 0 or more"));
      return FALSE;
    }

  if (filter->model->noise_excess && ! isfinite (noise->excess))
    {
      g_set_error (error, JF_FILTER_ERROR, JF_FILTER_ERROR_ARGUMENT,
                   _("The excess of the noise must be a finite number"));
      return FALSE;
    }

  return TRUE;
}

static const JfModel *
filter_get_model (const JfFilter *filter,
                  int             which)
{
  return which == COARSE ? filter->model->coarse : filter->model;
}

static const JfNetwork *
filter_get_network (JfFilter *filter,
                    int       which,
                    int       target_planes,
                    int       guidance_planes)
{
  JfNetwork **network = &filter->networks[which][target_planes - 1][guidance_planes - 1];

  g_mutex_lock (&filter->mutex);
  if (! *network)
    *network = jf_network_new (filter_get_model (filter, which), filter->path, filter->method,
                               target_planes, guidance_planes);
  g_mutex_unlock (&filter->mutex);

  return *network;
}

static const JfNetwork *
get_network (const Call *call,
             int         which)
{
  return filter_get_network (call->filter, which, call->job.target->channels, call->job.guidance->channels);
}

/* Multiplications that a network takes for a region. */
static double
get_cost (const Call     *call,
          int             which,
          const JfRegion *region)
{
  const JfModel *model    = filter_get_model (call->filter, which);
  int            channels = call->job.target->channels;
  double         count    = jf_model_get_multiplications (model, channels);

  if (model->coarse)
    count -= jf_model_get_multiplications (model->coarse, channels);

  return count * region->width * region->height;
}

/* The pixels around a part of the target that the model's own network reads for it. */
static int
get_halo (const Call *call)
{
  return jf_network_get_halo (get_network (call, FINE)) * call->filter->model->space_to_depth;
}

/* What it reads there, in whole blocks of both networks. */
static JfRegion
expand (const Call     *call,
        const JfRegion *region)
{
  const JfPlanes *target = call->job.target;
  int             block  = call->filter->model->block;
  int             halo   = get_halo (call);
  int             x      = MAX (region->x - halo, 0) / block * block;
  int             y      = MAX (region->y - halo, 0) / block * block;
  int             right  = ((region->x + region->width  + halo - 1) / block + 1) * block;
  int             below  = ((region->y + region->height + halo - 1) / block + 1) * block;

  return (JfRegion) { x, y, MIN (right, target->width) - x, MIN (below, target->height) - y };
}

/* The parts of the region that are made one after the other, which begin with whole blocks; all of it where there is no hint.
 * FALSE if there are not so many.
 */
static gboolean
get_slab (const Call *call,
          int         number,
          JfRegion   *slab)
{
  const JfModel  *model  = call->filter->model;
  const JfRegion *all    = &call->job.region;
  int             rows   = MAX (SLAB_AREA / all->width, MIN_SLAB_HALOS * get_halo (call));
  int             n      = model->coarse ? (all->height - 1) / rows + 1 : 1;
  int             first  = all->y / model->block * model->block;
  int             below  = all->y + all->height;
  int             height = ((below - first - 1) / n / model->block + 1) * model->block;
  int             start  = MAX (first + number * height, all->y);
  int             end    = MIN (first + (number + 1) * height, below);

  *slab = (JfRegion) { all->x, start, all->width, end - start };

  return start < end;
}

/* All that is to be done, in the order in which it is. */
static void
plan (Call *call)
{
  JfRegion slab, shown;
  int      i;

  for (i = 0; get_slab (call, i, &slab); i++)
    {
      shown = expand (call, &slab);
      if (shown.height > call->largest.height)
        call->largest = shown;
      if (call->filter->model->coarse)
        call->total += get_cost (call, COARSE, &shown);
      call->total += get_cost (call, FINE, &slab);
    }
}

static gsize
count_values (const JfPlanes *planes)
{
  return (gsize) planes->channels * planes->width * planes->height;
}

/* Memory for the hint: what an earlier call has left, if it is large enough, as new memory is slow. */
static gboolean
take_memory (Call    *call,
             GError **error)
{
  JfFilter *filter = call->filter;
  JfPlanes  wanted = { NULL, call->job.target->channels, call->largest.width, call->largest.height };

  g_mutex_lock (&filter->mutex);
  call->memory   = filter->memory;
  filter->memory = (JfPlanes) { 0 };
  g_mutex_unlock (&filter->mutex);

  if (count_values (&call->memory) >= count_values (&wanted))
    return TRUE;

  jf_planes_clear (&call->memory);

  return jf_planes_init (&call->memory, wanted.channels, wanted.width, wanted.height, error);
}

static void
give_memory (Call *call)
{
  JfFilter *filter = call->filter;
  JfPlanes  other;

  g_mutex_lock (&filter->mutex);
  other          = filter->memory;
  filter->memory = call->memory;
  g_mutex_unlock (&filter->mutex);

  jf_planes_clear (&other);
}

/* All blocks that have a part of a region. */
static JfRegion
find_blocks (const JfRegion *region,
             int             unit)
{
  int x = region->x / unit;
  int y = region->y / unit;

  return (JfRegion) { x, y, (region->x + region->width - 1) / unit + 1 - x, (region->y + region->height - 1) / unit + 1 - y };
}

/* Makes a part of the job's region. */
static gboolean
run_network (Call            *call,
             int              which,
             const JfBandJob *job,
             const JfRegion  *part,
             GError         **error)
{
  const JfFilterOptions *options = call->options;
  double                 start   = call->done / call->total;
  JfBandJob              blocks  = *job;
  JfTaskPart             step;

  blocks.tile = find_blocks (part, filter_get_model (call->filter, which)->space_to_depth);
  call->done += get_cost (call, which, part);
  jf_tiles_run (call->filter->crew, get_network (call, which), &blocks,
                jf_task_part_init (&step, &options->task, start, call->done / call->total - start),
                which == FINE ? options->func : NULL, options->data);

  return ! g_cancellable_set_error_if_cancelled (options->task.cancellable, error);
}

static gboolean
run_slab (Call            *call,
          const JfRegion  *slab,
          GError         **error)
{
  JfRegion  shown  = expand (call, slab);
  JfPlanes  hint   = { call->memory.data, call->job.target->channels, shown.width, shown.height };
  JfBandJob job    = call->job;
  JfBandJob before = call->job;

  if (! call->filter->model->coarse)
    return run_network (call, FINE, &job, slab, error);

  job.hint      = &hint;
  job.shown     = shown;
  before.output = &hint;
  before.region = shown;

  return run_network (call, COARSE, &before, &shown, error) &&
         run_network (call, FINE, &job, slab, error);
}

static gboolean
run_slabs (Call    *call,
           GError **error)
{
  JfRegion slab;
  int      i;

  for (i = 0; get_slab (call, i, &slab); i++)
    if (! run_slab (call, &slab, error))
      return FALSE;

  return TRUE;
}

/*  public functions  */

/**
 * jf_filter_new:
 * @model: (transfer none): a model
 *
 * Returns: (transfer full): a filter by @model, of which it takes a reference. Free with jf_filter_free().
 */
JfFilter *
jf_filter_new (JfModel *model)
{
  JfFilter *filter = g_new0 (JfFilter, 1);

  filter->model  = jf_model_ref (model);
  filter->crew   = jf_crew_get ();
  filter->path   = JF_GEMM_MICRO_KERNEL;
  filter->method = JF_NETWORK_FASTEST;
  g_mutex_init (&filter->mutex);

  return filter;
}

/**
 * jf_filter_new_reference:
 * @model: (transfer none): a model
 *
 * The same by the plainest means: direct convolutions on bli_sgemm. What tests compare with.
 *
 * Returns: (transfer full): free with jf_filter_free()
 */
JfFilter *
jf_filter_new_reference (JfModel *model)
{
  JfFilter *filter = jf_filter_new (model);

  filter->path   = JF_GEMM_PUBLIC;
  filter->method = JF_NETWORK_DIRECT;

  return filter;
}

/**
 * jf_filter_free:
 * @filter: (nullable): a filter
 */
void
jf_filter_free (JfFilter *filter)
{
  int which, target, guidance;

  if (! filter)
    return;

  for (which = 0; which < N_NETWORKS; which++)
    for (target = 0; target < MAX_PLANES; target++)
      for (guidance = 0; guidance < MAX_PLANES; guidance++)
        jf_network_free (filter->networks[which][target][guidance]);
  jf_planes_clear (&filter->memory);
  jf_crew_unref (filter->crew);
  g_mutex_clear (&filter->mutex);
  jf_model_unref (filter->model);
  g_free (filter);
}

/**
 * jf_filter_get_model:
 * @filter: a filter
 *
 * Returns: (transfer none): its model
 */
JfModel *
jf_filter_get_model (JfFilter *filter)
{
  return filter->model;
}

/**
 * jf_filter_apply:
 * @filter:   a filter
 * @target:   the picture to filter, of 1 or 3 planes, or of 2 where the model takes planes one by one
 * @guidance: the picture with the structure, of 1 or 3 planes and the target's size
 * @options:  (nullable): see #JfFilterOptions
 * @output:   (inout): planes as many as the target's, of the region's size; not one of the others
 * @error:    return location for a #JF_FILTER_ERROR, a #JF_PLANES_ERROR, or %G_IO_ERROR_CANCELLED
 *
 * Filters a picture. Both pictures go on beyond their borders as their edge pixels; values are neither expected in a
 * range nor clamped. The result does not depend on the number of threads. That of a region differs from the same part
 * of the whole by rounding only (some 1e-6 of the largest value).
 *
 * Apart from @output memory hardly depends on anything but the model: some 15 MiB per thread, and of some models 10 to 20 KiB
 * for every row of a tile. It is kept for the next call until the last filter is freed. A hint takes some 32 MiB more for
 * each plane of the target at most, which are kept until this filter is freed.
 *
 * Returns: TRUE on success; on failure the contents of @output are undefined
 */
gboolean
jf_filter_apply (JfFilter               *filter,
                 const JfPlanes         *target,
                 const JfPlanes         *guidance,
                 const JfFilterOptions  *options,
                 JfPlanes               *output,
                 GError                **error)
{
  static const JfFilterOptions defaults = { 0 };

  JfRegion region = { 0, 0, target->width, target->height };
  Call     call   = { .filter = filter, .options = options ? options : &defaults };
  gboolean success;

  if (call.options->region)
    region = *call.options->region;
  if (! check_arguments (filter, target, guidance, &region, &call.options->noise, output, error))
    return FALSE;

  call.job = (JfBandJob) { .target = target, .guidance = guidance, .noise = call.options->noise,
                           .region = region, .output = output };
  plan (&call);
  if (! filter->model->coarse)
    return run_slabs (&call, error);

  success = take_memory (&call, error) && run_slabs (&call, error);
  give_memory (&call);

  return success;
}
