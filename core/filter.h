/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * filter: the public call, planes in, planes out
 */
#pragma once

#include "model.h"
#include "noise.h"
#include "planes.h"
#include "task.h"

G_BEGIN_DECLS

#define JF_FILTER_ERROR (jf_filter_error_quark ())

typedef enum
{
  JF_FILTER_ERROR_ARGUMENT     /* planes or options that do not fit the model or each other */
} JfFilterError;

/* A model with its weights packed for this CPU. May be shared between threads. */
typedef struct _JfFilter JfFilter;

/* All zero is the default. */
typedef struct
{
  JfNoise         noise;          /* of the target; only read as far as the model wants it           */
  const JfRegion *region;         /* the part of the target to compute; NULL: all of it              */
  JfTask          task;           /* cancellation is looked at before every band                     */
  JfRegionFunc    func;           /* NULL: nobody is told of parts, which are the target's           */
  gpointer        data;
} JfFilterOptions;

GQuark     jf_filter_error_quark   (void);

JfFilter * jf_filter_new           (JfModel                *model);
JfFilter * jf_filter_new_reference (JfModel                *model);
void       jf_filter_free          (JfFilter               *filter);
JfModel  * jf_filter_get_model     (JfFilter               *filter);

gboolean   jf_filter_apply         (JfFilter               *filter,
                                    const JfPlanes         *target,
                                    const JfPlanes         *guidance,
                                    const JfFilterOptions  *options,
                                    JfPlanes               *output,
                                    GError                **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfFilter, jf_filter_free)

G_END_DECLS
