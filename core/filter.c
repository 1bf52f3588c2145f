/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * filter: the public call, planes in, planes out
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "filter.h"
#include "network.h"
#include "tiles.h"

#define MAX_PLANES 3

struct _JfFilter
{
  JfModel         *model;
  JfCrew          *crew;
  JfGemmPath       path;
  JfNetworkMethod  method;
  GMutex           mutex;                               /* of the networks, which are made when first wanted */
  JfNetwork       *networks[MAX_PLANES][MAX_PLANES];    /* by planes less 1: [target][guidance] */
};

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

static const JfNetwork *
filter_get_network (JfFilter *filter,
                    int       target_planes,
                    int       guidance_planes)
{
  JfNetwork **network = &filter->networks[target_planes - 1][guidance_planes - 1];

  g_mutex_lock (&filter->mutex);
  if (! *network)
    *network = jf_network_new (filter->model, filter->path, filter->method, target_planes, guidance_planes);
  g_mutex_unlock (&filter->mutex);

  return *network;
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
  int target, guidance;

  if (! filter)
    return;

  for (target = 0; target < MAX_PLANES; target++)
    for (guidance = 0; guidance < MAX_PLANES; guidance++)
      jf_network_free (filter->networks[target][guidance]);
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
 * @error:    return location for a #JF_FILTER_ERROR, or %G_IO_ERROR_CANCELLED
 *
 * Filters a picture. Both pictures go on beyond their borders as their edge pixels; values are neither expected in a
 * range nor clamped. The result does not depend on the number of threads. That of a region differs from the same part
 * of the whole by rounding only (some 1e-6 of the largest value).
 *
 * Apart from @output memory hardly depends on anything but the model: some 15 MiB per thread, and of some models 10 to 20 KiB
 * for every row of a tile. It is kept for the next call until the last filter is freed.
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

  JfRegion         region = { 0, 0, target->width, target->height };
  const JfNetwork *network;
  JfBandJob        job;

  options = options ? options : &defaults;
  if (options->region)
    region = *options->region;
  if (! check_arguments (filter, target, guidance, &region, &options->noise, output, error))
    return FALSE;

  network = filter_get_network (filter, target->channels, guidance->channels);
  job     = (JfBandJob) { .target = target, .guidance = guidance, .output = output, .noise = options->noise,
                          .region = region };
  jf_tiles_run (filter->crew, network, &job, &options->task, options->func, options->data);

  return ! g_cancellable_set_error_if_cancelled (options->task.cancellable, error);
}
