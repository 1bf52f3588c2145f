/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work: what is computed for a preview, one thing at a time, in a thread of its own
 */
#pragma once

#include <gio/gio.h>

#include "pipeline.h"
#include "scene.h"

#include "pixels.h"
#include "stage.h"
#include "stream.h"

G_BEGIN_DECLS

typedef enum
{
  JF_WORK_PREPARE,      /* find out what the arguments need to know of the whole */
  JF_WORK_RENDER,       /* compute a part                                        */
  JF_WORK_MEASURE       /* find how the guidance lies                            */
} JfWorkKind;

typedef struct
{
  JfWorkKind         kind;
  const JfMode      *mode;
  JfPipelineOptions  options;
  JfTask             task;
  const JfPixels    *target;
  JfStage           *stage;
  JfPipeline        *former;     /* NULL: there was none so far           */
  JfPipeline        *pipeline;   /* for the options                       */
  JfScene           *scene;      /* for the stage; NULL: it keeps its own */
  JfRegion           part;       /* to render                             */
  JfPlanes           output;     /* of the part                           */
  JfStream          *stream;     /* what comes of it                      */
} JfWork;

void     jf_work_start  (JfWork               *work,
                         gpointer              owner,
                         GAsyncReadyCallback   callback);
JfWork * jf_work_finish (GAsyncResult         *result,
                         GError              **error);

G_END_DECLS
