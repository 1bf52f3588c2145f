/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stream: parts of a picture on their way from the threads that compute them to the main thread
 */
#include "stream.h"


struct _JfStream
{
  GMutex         mutex;
  GQueue         parts;        /* what came                            */
  gboolean       announced;    /* the main thread is going to look     */
  JfSceneWatcher reader;       /* no func: nobody wants them any more  */
};

typedef struct
{
  JfRegion region;
  JfPlanes planes;
} Part;


static gboolean on_announced (gpointer  data);
static Part   * take         (JfStream *stream);
static void     stream_clear (gpointer  data);
static void     part_free    (gpointer  data);


/*  public functions  */

/**
 * jf_stream_new:
 * @reader: is called in the main thread, with the parts in the order in which they came: a later one may be of a later pass
 *
 * Returns: (transfer full): a stream; free with jf_stream_unref ()
 */
JfStream *
jf_stream_new (const JfSceneWatcher *reader)
{
  JfStream *stream = g_atomic_rc_box_new0 (JfStream);

  g_mutex_init (&stream->mutex);
  stream->reader = *reader;

  return stream;
}

/**
 * jf_stream_put:
 * @region: where it is
 * @planes: a part of the picture
 * @stream: a #JfStream
 *
 * For a #JfSceneWatcher; may be called in any thread.
 */
void
jf_stream_put (const JfRegion *region,
               const JfPlanes *planes,
               gpointer        stream)
{
  JfStream *self = stream;
  Part     *part = g_new0 (Part, 1);

  part->region = *region;

  /* What cannot be kept now is there when all is done. */
  if (! jf_planes_crop (&part->planes, planes, &(JfRegion) { 0, 0, region->width, region->height }, NULL))
    {
      g_free (part);
      return;
    }

  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->parts, part);

  if (! self->announced)
    g_idle_add_full (G_PRIORITY_DEFAULT, on_announced, g_atomic_rc_box_acquire (self), (GDestroyNotify) jf_stream_unref);

  self->announced = TRUE;
  g_mutex_unlock (&self->mutex);
}

/**
 * jf_stream_close:
 * @stream: a stream
 *
 * Its reader is not called any more. To be called in the main thread.
 */
void
jf_stream_close (JfStream *stream)
{
  stream->reader = (JfSceneWatcher) { 0 };
}

/**
 * jf_stream_unref:
 * @stream: (transfer full): a stream
 */
void
jf_stream_unref (JfStream *stream)
{
  g_atomic_rc_box_release_full (stream, stream_clear);
}


/*  private functions  */

/* A GSourceFunc. */
static gboolean
on_announced (gpointer data)
{
  JfStream *stream = data;
  Part     *part;

  g_mutex_lock (&stream->mutex);
  stream->announced = FALSE;
  g_mutex_unlock (&stream->mutex);

  while (stream->reader.func && (part = take (stream)))
    {
      stream->reader.func (&part->region, &part->planes, stream->reader.data);
      part_free (part);
    }

  return G_SOURCE_REMOVE;
}

static Part *
take (JfStream *stream)
{
  Part *part;

  g_mutex_lock (&stream->mutex);
  part = g_queue_pop_head (&stream->parts);
  g_mutex_unlock (&stream->mutex);

  return part;
}

static void
stream_clear (gpointer data)
{
  JfStream *stream = data;

  g_queue_clear_full (&stream->parts, part_free);
  g_mutex_clear (&stream->mutex);
}

static void
part_free (gpointer data)
{
  Part *part = data;

  jf_planes_clear (&part->planes);
  g_free (part);
}
