/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tiles: runs a network over a part of a picture
 *
 * It is cut into tiles, which threads (crew.h) take one after the other, each with a band of its own (band.h). Who
 * finds none left helps another with his. The tiles depend on the size of the region only, or on the number of threads where
 * that does not show, so results never depend on it.
 */
#include "feature.h"
#include "simd.h"
#include "tiles.h"

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

/* One call of jf_tiles_run(). */
typedef struct
{
  JfCrew          *crew;
  const JfNetwork *network;
  const JfTask    *task;
  JfRegionFunc     func;
  gpointer         data;
  JfBandJob        job;           /* the parts that all tiles share */
  JfRegion         blocks;        /* the region, in blocks          */
  int              columns;       /* of tiles                       */
  int              rows;
  int              tile_width;
  int              tile_height;
  int              unit;          /* side of a block, in pixels     */
  GThread         *caller;

  gsize            done;          /* atomic: blocks */
  gsize            reported;      /* of them, by the caller */
  gint             stopped;       /* atomic */

  GMutex           mutex;         /* of all that follows */
  GCond            advanced;
  GSList          *tiles;         /* that may be joined */
  int              next_tile;
  int              n_beginning;   /* tiles and strips that may not be joined yet */
  int              n_working;
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

/*  private functions  */

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
  jf_task_progress (run->task, MIN ((double) done / total, 1.0));
}

/* Of what was made since the last time. */
static void
tell (Tile *tile)
{
  const Run      *run   = tile->run;
  const JfRegion *all   = &tile->job.region;
  const JfRegion *made  = &tile->untold;
  int             x     = MAX (made->x * run->unit, all->x);
  int             y     = MAX (made->y * run->unit, all->y);
  int             right = MIN ((made->x + made->width) * run->unit, all->x + all->width);
  int             below = MIN ((made->y + made->height) * run->unit, all->y + all->height);

  if (made->height > 0)
    run->func (&(JfRegion) { x, y, right - x, below - y }, run->data);
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

  if (run->func)
    note (tile, made);

  g_atomic_pointer_add (&run->done, (gsize) made->width * made->height);
  if (g_cancellable_is_cancelled (run->task->cancellable))
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
               int             n_threads)
{
  run->blocks.x      = region->x / run->unit;
  run->blocks.y      = region->y / run->unit;
  run->blocks.width  = (region->x + region->width - 1) / run->unit + 1 - run->blocks.x;
  run->blocks.height = (region->y + region->height - 1) / run->unit + 1 - run->blocks.y;

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
 * jf_tiles_run:
 * @crew:    threads
 * @network: what to run
 * @job:     on what, and which region of it; tile, strips and who is to be told are not read
 * @task:    how; whether it is cancelled is looked at before every band
 * @func:    (nullable): who is told of parts of the result
 * @data:    for @func
 *
 * Makes a part of a picture. If the task was cancelled meanwhile, the output is half written.
 */
void
jf_tiles_run (JfCrew          *crew,
              const JfNetwork *network,
              const JfBandJob *job,
              const JfTask    *task,
              JfRegionFunc     func,
              gpointer         data)
{
  int n_threads = task->n_threads > 0 ? task->n_threads : (int) g_get_num_processors ();
  Run run       = { .crew = crew, .network = network, .task = task, .func = func, .data = data, .job = *job,
                    .unit = jf_network_get_space_to_depth (network) };

  run.job.func = advance;
  lay_out_tiles (&run, &job->region, n_threads);
  run_threads (&run, MIN (n_threads, run.columns * run.rows * JF_BAND_MAX_THREADS) - 1);
}
