/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * crew: threads and their bands, which outlive a call
 *
 * A preview makes many small calls, for which new threads and new memory, page by page, would take as long as a good part of
 * the work. Threads are started when somebody first asks for so many and end with the last reference; a band goes back to
 * the others when its tiles are done and is laid out anew only for another network or width.
 */
#include "crew.h"

/* What somebody asked for and no thread has begun yet. */
typedef struct
{
  JfCrewFunc  func;
  gpointer    data;
} Job;

struct _JfCrew
{
  int        ref_count;     /* with shared_mutex */
  GMutex     mutex;         /* of all that follows */
  GCond      asked;
  GQueue     jobs;
  GPtrArray *threads;
  guint      n_wanted;      /* threads that all who asked want at present */
  gboolean   ended;
  GPtrArray *bands;         /* that nobody works with */
};

static GMutex  shared_mutex;
static JfCrew *shared;

/*  private functions  */

static gpointer
work (gpointer data)
{
  JfCrew *crew = data;

  g_mutex_lock (&crew->mutex);
  while (! crew->ended)
    {
      g_autofree Job *job = g_queue_pop_head (&crew->jobs);

      if (! job)
        {
          g_cond_wait (&crew->asked, &crew->mutex);
          continue;
        }

      g_mutex_unlock (&crew->mutex);
      job->func (job->data);
      g_mutex_lock (&crew->mutex);
    }
  g_mutex_unlock (&crew->mutex);

  return NULL;
}

/* Fewer threads than asked for is no reason to fail. */
static gboolean
add_thread (JfCrew *crew)
{
  GThread *thread = g_thread_try_new ("joint-filter", work, crew, NULL);

  if (thread)
    g_ptr_array_add (crew->threads, thread);

  return thread != NULL;
}

static JfCrew *
crew_new (void)
{
  JfCrew *crew = g_new0 (JfCrew, 1);

  g_mutex_init (&crew->mutex);
  g_cond_init (&crew->asked);
  g_queue_init (&crew->jobs);
  crew->threads = g_ptr_array_new ();
  crew->bands   = g_ptr_array_new_with_free_func ((GDestroyNotify) jf_band_free);

  return crew;
}

static void
crew_free (JfCrew *crew)
{
  guint i;

  g_mutex_lock (&crew->mutex);
  crew->ended = TRUE;
  g_cond_broadcast (&crew->asked);
  g_mutex_unlock (&crew->mutex);

  for (i = 0; i < crew->threads->len; i++)
    g_thread_join (g_ptr_array_index (crew->threads, i));
  g_ptr_array_unref (crew->threads);
  g_ptr_array_unref (crew->bands);
  g_cond_clear (&crew->asked);
  g_mutex_clear (&crew->mutex);
  g_free (crew);
}

/* The band that is laid out as wanted already, or the last one given back: its memory is most likely still in a cache. */
static guint
find_band (const JfCrew    *crew,
           const JfNetwork *network,
           int              width)
{
  guint i;

  for (i = 0; i < crew->bands->len; i++)
    if (jf_band_fits (g_ptr_array_index (crew->bands, i), network, width))
      return i;

  return crew->bands->len - 1;
}

/*  public functions  */

/**
 * jf_crew_get:
 *
 * Returns: (transfer full): the crew of this program, without any threads at first; free with jf_crew_unref(), but not in one
 *   of its threads
 */
JfCrew *
jf_crew_get (void)
{
  JfCrew *crew;

  g_mutex_lock (&shared_mutex);
  if (! shared)
    shared = crew_new ();
  crew = shared;
  crew->ref_count++;
  g_mutex_unlock (&shared_mutex);

  return crew;
}

/**
 * jf_crew_unref:
 * @crew: (nullable): the crew
 *
 * Gives a reference back. With the last one the threads end and all memory is freed.
 */
void
jf_crew_unref (JfCrew *crew)
{
  gboolean last;

  if (! crew)
    return;

  g_mutex_lock (&shared_mutex);
  last = --crew->ref_count == 0;
  if (last)
    shared = NULL;
  g_mutex_unlock (&shared_mutex);

  if (last)
    crew_free (crew);
}

/**
 * jf_crew_ask:
 * @crew:      the crew
 * @n_threads: how many threads shall help
 * @func:      what each of them calls, once
 * @data:      for @func; nobody else may have asked with the same
 *
 * Returns at once. Where the system has no more threads, some of the calls are left until jf_crew_withdraw().
 */
void
jf_crew_ask (JfCrew     *crew,
             int         n_threads,
             JfCrewFunc  func,
             gpointer    data)
{
  int i;

  g_mutex_lock (&crew->mutex);
  for (i = 0; i < n_threads; i++)
    {
      Job *job = g_new (Job, 1);

      *job = (Job) { func, data };
      g_queue_push_tail (&crew->jobs, job);
      g_cond_signal (&crew->asked);
    }
  crew->n_wanted += n_threads;
  while (crew->threads->len < crew->n_wanted && add_thread (crew))
    ;
  g_mutex_unlock (&crew->mutex);
}

/**
 * jf_crew_withdraw:
 * @crew:      the crew
 * @n_threads: what was given to jf_crew_ask()
 * @data:      the same
 *
 * Takes back the calls that no thread has begun.
 *
 * Returns: how many
 */
int
jf_crew_withdraw (JfCrew   *crew,
                  int       n_threads,
                  gpointer  data)
{
  GList *link, *next;
  int    n = 0;

  g_mutex_lock (&crew->mutex);
  for (link = crew->jobs.head; link; link = next)
    {
      Job *job = link->data;

      next = link->next;
      if (job->data != data)
        continue;

      g_free (job);
      g_queue_delete_link (&crew->jobs, link);
      n++;
    }
  crew->n_wanted -= n_threads;
  g_mutex_unlock (&crew->mutex);

  return n;
}

/**
 * jf_crew_take_band:
 * @crew:    the crew
 * @network: a network
 * @width:   the width of the tiles to come, in blocks
 *
 * Returns: (transfer full): a band that fits, for any thread; to jf_crew_give_band() after use
 */
JfBand *
jf_crew_take_band (JfCrew          *crew,
                   const JfNetwork *network,
                   int              width)
{
  JfBand *band = NULL;

  g_mutex_lock (&crew->mutex);
  if (crew->bands->len > 0)
    band = g_ptr_array_steal_index (crew->bands, find_band (crew, network, width));
  g_mutex_unlock (&crew->mutex);

  if (! band)
    band = jf_band_new ();
  jf_band_fit (band, network, width);

  return band;
}

/**
 * jf_crew_give_band:
 * @crew: the crew
 * @band: (transfer full): a band
 *
 * Keeps a band for who wants one next.
 */
void
jf_crew_give_band (JfCrew *crew,
                   JfBand *band)
{
  g_mutex_lock (&crew->mutex);
  g_ptr_array_add (crew->bands, band);
  g_mutex_unlock (&crew->mutex);
}
