/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * filter: the public call, planes in, planes out
 *
 * The picture is cut into tiles, which threads (crew.h) take one after the other, each with a band of its own (band.h). Who
 * finds none left helps another with his. The tiles depend on the size of the region only, or on the number of threads where
 * that does not show, so results never depend on it.
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "band.h"
#include "crew.h"
#include "feature.h"
#include "filter.h"
#include "network.h"
#include "simd.h"

/* The halo is computed again at every border between tiles, so they are as large as leaves some for each thread: one for
 * this many blocks, of networks that run in strips and have more of a halo for twice as many, but two already where there is
 * enough for them. Two threads that share a tile from the start would make no halo at all, but fetch much from each other's
 * caches: on Xeons (Emerald Rapids) that takes 5 to 15 % longer. Those that share a cascade (cascade.h) fetch two rows of
 * twelve, so they do.
 */
#define TILE_AREA     (512 * 512)
#define MIN_TILE_AREA (160 * 160)
#define MAX_TILES     32

/* Somebody is told of every sixth of the region or what a tile has less: soon enough to look at, and so seldom that looking
 * costs nothing.
 */
#define PARTS_TOLD 6

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

/* One call of jf_filter_apply(). */
typedef struct
{
  JfCrew                *crew;
  const JfNetwork       *network;
  const JfFilterOptions *options;
  JfBandJob              job;           /* the parts that all tiles share */
  JfRegion               blocks;        /* the region, in blocks          */
  int                    columns;       /* of tiles                       */
  int                    rows;
  int                    tile_width;
  int                    tile_height;
  int                    unit;          /* side of a block, in pixels     */
  GThread               *caller;

  gsize                  done;          /* atomic: blocks */
  gsize                  reported;      /* of them, by the caller */
  gint                   stopped;       /* atomic */

  GMutex                 mutex;         /* of all that follows */
  GCond                  advanced;
  GSList                *tiles;         /* that may be joined */
  int                    next_tile;
  int                    n_beginning;   /* tiles and strips that may not be joined yet */
  int                    n_working;
} Run;

/* A tile or a strip of one, and the threads that work on it. */
typedef struct
{
  Run       *run;
  JfBand    *band;
  JfBandJob  job;
  JfRegion   untold;                    /* blocks that were made and nobody was told of */
  int        max_threads;
  int        n_joined;                  /* who begins it is the first    */
  int        n_working;                 /* of the others                 */
} Tile;

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

/* What the tiles compute in all, two at a time: whole vectors and blocks of rows, and the halo, of which layers have half
 * on an average, but all of it left of strips. The last of an odd number of vectors is half a panel, which takes a third
 * longer for its lanes. Cascades leave out what layers do not need, and have no half panels.
 */
static double
estimate_tiles (const Run *run,
                int        columns,
                int        rows)
{
  gboolean cascade = jf_network_is_cascade (run->network);
  int      halo    = jf_network_get_halo (run->network);
  int      before  = jf_network_runs_in_strips (run->network) && ! cascade ? 2 * halo : halo;
  int      width   = (run->blocks.width - 1) / columns + 1 + before;
  int      height  = (run->blocks.height - 1) / rows + 1 + halo;
  int      vectors = (width - 1) / (JF_TILE * JF_LANES) + 1;
  int      blocks  = (height - 1) / JF_TILE + 1;
  int      tiles   = columns * rows;

  return (tiles > 1 ? tiles + tiles % 2 : 1) * (vectors + (cascade ? 0.0 : vectors % 2 * 0.3)) * blocks;
}

/* The least wasteful of the layouts with as many tiles or some more. */
static void
choose_tiles (Run *run)
{
  int    fewest = 1 + (run->blocks.width - 1) / jf_network_get_widest_tile (run->network);
  double area   = (double) run->blocks.width * run->blocks.height;
  double wanted = area / (jf_network_runs_in_strips (run->network) ? 2 * TILE_AREA : TILE_AREA);
  double shared = jf_network_is_cascade (run->network) ? 1 : MIN (area / MIN_TILE_AREA, 2);
  int    tiles  = (int) CLAMP (wanted, shared, MAX_TILES);
  double least  = G_MAXDOUBLE;
  int    columns, rows;

  for (columns = fewest; columns <= fewest + 3; columns++)
    for (rows = MAX (tiles - 1, 0) / columns + 1; rows <= MAX (tiles - 1, 0) / columns + 2; rows++)
      {
        double time = estimate_tiles (run, columns, rows);

        if (time < least)
          {
            least        = time;
            run->columns = columns;
            run->rows    = rows;
          }
      }
}

/* In the caller's thread. */
static void
report_progress (Run *run)
{
  gsize  done  = (gsize) g_atomic_pointer_get (&run->done);
  double total = (double) run->blocks.width * run->blocks.height;

  if (done == run->reported)
    return;

  run->reported = done;
  jf_task_progress (&run->options->task, MIN ((double) done / total, 1.0));
}

/* Of what was made since the last time. */
static void
tell (Tile *tile)
{
  const JfFilterOptions *options = tile->run->options;
  const JfRegion        *all     = &tile->job.region;
  const JfRegion        *made    = &tile->untold;
  int                    unit    = tile->run->unit;
  int                    x       = MAX (made->x * unit, all->x);
  int                    y       = MAX (made->y * unit, all->y);
  int                    right   = MIN ((made->x + made->width) * unit, all->x + all->width);
  int                    below   = MIN ((made->y + made->height) * unit, all->y + all->height);

  if (made->height > 0)
    options->func (&(JfRegion) { x, y, right - x, below - y }, options->data);
  tile->untold.height = 0;
}

/* Rows of a strip follow each other; what does not is told of by itself. */
static void
note (Tile           *tile,
      const JfRegion *made)
{
  const JfRegion *all    = &tile->run->blocks;
  JfRegion       *untold = &tile->untold;

  if (untold->height > 0 && (made->x != untold->x || made->y != untold->y + untold->height))
    tell (tile);

  if (untold->height == 0)
    *untold = *made;
  else
    untold->height += made->height;

  if ((gint64) untold->height * untold->width * PARTS_TOLD >= (gint64) all->width * all->height ||
      made->y + made->height == tile->job.tile.y + tile->job.tile.height)
    tell (tile);
}

/* A JfBandFunc. The caller reports what others have done, too. */
static gboolean
advance (const JfRegion *made,
         gpointer        data)
{
  Tile *tile = data;
  Run  *run  = tile->run;

  if (! made)
    {
      if (g_thread_self () == run->caller)
        report_progress (run);
      return TRUE;
    }

  if (run->options->func)
    note (tile, made);

  g_atomic_pointer_add (&run->done, (gsize) made->width * made->height);
  if (g_cancellable_is_cancelled (run->options->task.cancellable))
    g_atomic_int_set (&run->stopped, TRUE);

  if (g_thread_self () == run->caller)
    {
      report_progress (run);
    }
  else
    {
      g_mutex_lock (&run->mutex);
      g_cond_broadcast (&run->advanced);
      g_mutex_unlock (&run->mutex);
    }

  return ! g_atomic_int_get (&run->stopped);
}

/* FALSE if no tile is left. */
static gboolean
take_tile (Run      *run,
           JfRegion *tile)
{
  int i, x, y;

  if (g_atomic_int_get (&run->stopped) || run->next_tile == run->columns * run->rows)
    return FALSE;

  i = run->next_tile++;
  x = i % run->columns * run->tile_width;
  y = i / run->columns * run->tile_height;
  *tile = (JfRegion) { run->blocks.x + x, run->blocks.y + y,
                       MIN (run->tile_width, run->blocks.width - x), MIN (run->tile_height, run->blocks.height - y) };

  return TRUE;
}

/* Works on a tile or strip with all who join. FALSE if no other strip follows. */
static gboolean
run_strip (Run             *run,
           JfBand          *band,
           const JfBandJob *job)
{
  Tile     tile = { .run = run, .band = band, .job = *job, .max_threads = jf_band_get_max_threads (band), .n_joined = 1 };
  gboolean go_on;

  tile.job.data = &tile;
  jf_band_start (band, &tile.job);

  g_mutex_lock (&run->mutex);
  run->tiles = g_slist_prepend (run->tiles, &tile);
  run->n_beginning--;
  g_cond_broadcast (&run->advanced);
  g_mutex_unlock (&run->mutex);

  jf_band_work (band, 0);

  g_mutex_lock (&run->mutex);
  run->tiles = g_slist_remove (run->tiles, &tile);
  while (tile.n_working > 0)
    g_cond_wait (&run->advanced, &run->mutex);
  go_on = job->continues && ! g_atomic_int_get (&run->stopped);
  if (go_on)
    run->n_beginning++;
  g_mutex_unlock (&run->mutex);

  return go_on;
}

/* From left to right. */
static void
run_tile (Run            *run,
          JfBand         *band,
          const JfRegion *region)
{
  JfBandJob job   = run->job;
  int       right = region->x + region->width;

  job.tile = *region;
  do
    {
      job.tile.x    += job.follows ? job.tile.width : 0;
      job.tile.width = MIN (right - job.tile.x, jf_band_get_strip (band, ! job.follows));
      job.continues  = job.tile.x + job.tile.width < right;
    }
  while ((job.follows = run_strip (run, band, &job)));
}

/* With run->mutex locked: the tile with the fewest threads, unless all are full. */
static Tile *
find_tile (Run *run)
{
  Tile   *found = NULL;
  GSList *link;

  for (link = run->tiles; link; link = link->next)
    {
      Tile *tile = link->data;

      if (tile->n_joined < tile->max_threads && (! found || tile->n_joined < found->n_joined))
        found = tile;
    }

  return found;
}

/* Helps with the tiles of others until none can be joined; with run->mutex locked. */
static void
join_tiles (Run *run)
{
  Tile *tile = NULL;

  while ((tile = find_tile (run)) || run->n_beginning > 0)
    {
      int thread;

      if (! tile)
        {
          g_cond_wait (&run->advanced, &run->mutex);
          continue;
        }

      thread = tile->n_joined++;
      tile->n_working++;
      g_mutex_unlock (&run->mutex);
      jf_band_work (tile->band, thread);
      g_mutex_lock (&run->mutex);
      tile->n_working--;
      run->tiles = g_slist_remove (run->tiles, tile);
      g_cond_broadcast (&run->advanced);
    }
}

static void
run_tiles (Run *run)
{
  JfBand   *band = NULL;
  JfRegion  region;

  g_mutex_lock (&run->mutex);
  while (take_tile (run, &region))
    {
      run->n_beginning++;
      g_mutex_unlock (&run->mutex);
      if (! band)
        band = jf_crew_take_band (run->crew, run->network, run->tile_width);
      run_tile (run, band, &region);
      g_mutex_lock (&run->mutex);
    }
  join_tiles (run);
  g_mutex_unlock (&run->mutex);

  if (band)
    jf_crew_give_band (run->crew, band);
}

/* A JfCrewFunc. */
static void
help (gpointer data)
{
  Run *run = data;

  run_tiles (run);

  g_mutex_lock (&run->mutex);
  run->n_working--;
  g_cond_broadcast (&run->advanced);
  g_mutex_unlock (&run->mutex);
}

/* The caller works as well, and reports the progress of all. */
static void
run_threads (Run *run,
             int  n_helpers)
{
  g_mutex_init (&run->mutex);
  g_cond_init (&run->advanced);
  run->caller    = g_thread_self ();
  run->n_working = n_helpers;

  jf_crew_ask (run->crew, n_helpers, help, run);
  run_tiles (run);

  g_mutex_lock (&run->mutex);
  run->n_working -= jf_crew_withdraw (run->crew, n_helpers, run);
  while (run->n_working > 0)
    {
      g_cond_wait (&run->advanced, &run->mutex);
      g_mutex_unlock (&run->mutex);
      report_progress (run);
      g_mutex_lock (&run->mutex);
    }
  g_mutex_unlock (&run->mutex);

  /* Others may have finished the last rows while this thread worked or waited elsewhere. */
  report_progress (run);

  g_cond_clear (&run->advanced);
  g_mutex_clear (&run->mutex);
}

static void
lay_out_tiles (Run            *run,
               const JfRegion *region,
               int             unit,
               int             n_threads)
{
  run->unit          = unit;
  run->blocks.x      = region->x / unit;
  run->blocks.y      = region->y / unit;
  run->blocks.width  = (region->x + region->width - 1) / unit + 1 - run->blocks.x;
  run->blocks.height = (region->y + region->height - 1) / unit + 1 - run->blocks.y;

  choose_tiles (run);

  /* Where borders between rows of tiles do not show, there are no more than give each thread a tile. */
  if (jf_network_has_exact_rows (run->network))
    run->rows = MIN (run->rows, (n_threads - 1) / run->columns + 1);
  run->tile_width  = (run->blocks.width - 1) / run->columns + 1;
  run->tile_height = (run->blocks.height - 1) / run->rows + 1;

  /* Layers make whole tiles of Winograd's, of which the borders between ours need not cut any. */
  if (run->rows > 1)
    run->tile_height = (run->tile_height + JF_TILE - 1) / JF_TILE * JF_TILE;

  /* Fewer may be enough, as they are rounded up. */
  run->columns = (run->blocks.width - 1) / run->tile_width + 1;
  run->rows    = (run->blocks.height - 1) / run->tile_height + 1;
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

  JfRegion region    = { 0, 0, target->width, target->height };
  Run      run       = { 0 };
  int      n_threads;

  run.crew    = filter->crew;
  run.options = options ? options : &defaults;
  if (run.options->region)
    region = *run.options->region;
  if (! check_arguments (filter, target, guidance, &region, &run.options->noise, output, error))
    return FALSE;

  run.network = filter_get_network (filter, target->channels, guidance->channels);
  run.job     = (JfBandJob) { .target = target, .guidance = guidance, .output = output,
                              .noise = run.options->noise, .region = region,
                              .func = advance };
  n_threads = run.options->task.n_threads > 0 ? run.options->task.n_threads : (int) g_get_num_processors ();
  lay_out_tiles (&run, &region, filter->model->space_to_depth, n_threads);
  run_threads (&run, MIN (n_threads, run.columns * run.rows * JF_BAND_MAX_THREADS) - 1);

  return ! g_cancellable_set_error_if_cancelled (run.options->task.cancellable, error);
}
