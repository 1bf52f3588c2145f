/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * thread-sanitizer: GLib's mutexes and conditions, made of those that ThreadSanitizer knows
 *
 * GLib's own are futexes, which it does not see: everything that they keep apart would look like a race. A program that this
 * is linked with calls these instead. Both structures are zero to begin with, also where nobody initialises them, and have room
 * for a pointer.
 */
#include <pthread.h>

#include <glib.h>

/*  private functions  */

/* What the structure points to, made when first wanted, in whichever thread that is. */
static gpointer
get_object (gpointer *structure,
            gsize     size,
            void    (*init) (gpointer object))
{
  gpointer object = g_atomic_pointer_get (structure);
  gpointer made;

  if (object)
    return object;

  made = g_malloc0 (size);
  init (made);
  if (g_atomic_pointer_compare_and_exchange_full (structure, NULL, made, &object))
    return made;

  g_free (made);

  return object;
}

static void
init_mutex (gpointer mutex)
{
  pthread_mutex_init (mutex, NULL);
}

static void
init_condition (gpointer condition)
{
  pthread_cond_init (condition, NULL);
}

static pthread_mutex_t *
get_mutex (GMutex *mutex)
{
  return get_object (&mutex->p, sizeof (pthread_mutex_t), init_mutex);
}

static pthread_cond_t *
get_condition (GCond *cond)
{
  return get_object (&cond->p, sizeof (pthread_cond_t), init_condition);
}

/*  public functions: GLib's, see there  */

void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
g_mutex_clear (GMutex *mutex)
{
  pthread_mutex_destroy (get_mutex (mutex));
  g_clear_pointer (&mutex->p, g_free);
}

void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (get_mutex (mutex));
}

void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (get_mutex (mutex));
}

void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

void
g_cond_clear (GCond *cond)
{
  pthread_cond_destroy (get_condition (cond));
  g_clear_pointer (&cond->p, g_free);
}

void
g_cond_wait (GCond  *cond,
             GMutex *mutex)
{
  pthread_cond_wait (get_condition (cond), get_mutex (mutex));
}

void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (get_condition (cond));
}

void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (get_condition (cond));
}
