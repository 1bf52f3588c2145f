/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stream: parts of a picture on their way from the threads that compute them to the main thread
 */
#pragma once

#include "scene.h"

G_BEGIN_DECLS

typedef struct _JfStream JfStream;

JfStream * jf_stream_new   (const JfSceneWatcher  *reader);
void       jf_stream_put   (const JfRegion        *region,
                            const JfPlanes        *planes,
                            gpointer               stream);
void       jf_stream_close (JfStream              *stream);
void       jf_stream_unref (JfStream              *stream);

G_END_DECLS
