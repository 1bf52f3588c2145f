/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pipeline: a mode with its options, ready to run
 */
#pragma once

#include "filter.h"
#include "modes.h"

G_BEGIN_DECLS

#define JF_PIPELINE_ERROR (jf_pipeline_error_quark ())

typedef enum
{
  JF_PIPELINE_ERROR_OPTION      /* an option that the mode has no model for */
} JfPipelineError;

/* How the guidance may be moved to lie on the target. */
typedef enum
{
  JF_MOTION_NONE,
  JF_MOTION_SHIFT,
  JF_MOTION_TURN                /* shift, rotation and scale */
} JfMotion;

/* What the user chose; a mode looks only at those that it has. */
typedef struct
{
  JfQuality quality;
  int       factor;             /* 4, 8, 16: how coarse the target is                    */
  double    noise_level;        /* sigma, full scale is 1; 0: estimated from the target  */
  int       iterations;         /* 1 or more                                             */
  JfMotion  motion;
} JfPipelineOptions;

/* Immutable once made, so one pipeline may serve any number of threads. */
typedef struct
{
  const JfMode      *mode;
  JfPipelineOptions  options;

  /*< private >*/
  struct _JfShelf *shelf;       /* the models */
  gatomicrefcount  ref_count;
} JfPipeline;

GQuark       jf_pipeline_error_quark (void);

JfPipeline * jf_pipeline_new         (const JfMode             *mode,
                                      const JfPipelineOptions  *options,
                                      const char               *folder,
                                      GError                  **error);
JfPipeline * jf_pipeline_change      (const JfPipeline         *pipeline,
                                      const JfPipelineOptions  *options,
                                      const char               *folder,
                                      GError                  **error);
JfPipeline * jf_pipeline_ref         (JfPipeline               *pipeline);
void         jf_pipeline_unref       (JfPipeline               *pipeline);

JfFilter   * jf_pipeline_get_filter  (const JfPipeline         *pipeline,
                                      int                       width,
                                      int                       height);
gboolean     jf_pipeline_wants_noise (const JfPipeline         *pipeline,
                                      int                       width,
                                      int                       height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfPipeline, jf_pipeline_unref)

G_END_DECLS
