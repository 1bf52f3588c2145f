/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * model: a model file as three stacks of convolutions
 */
#pragma once

#include "safetensors.h"

G_BEGIN_DECLS

#define JF_MODEL_ERROR (jf_model_error_quark ())

typedef enum
{
  JF_MODEL_ERROR_FILE,        /* not a readable safetensors file              */
  JF_MODEL_ERROR_METADATA,    /* a metadata key is missing or has no known value */
  JF_MODEL_ERROR_TENSOR       /* a tensor is missing, extra, of a wrong shape or not finite */
} JfModelError;

typedef enum
{
  JF_STACK_TARGET,
  JF_STACK_GUIDANCE,
  JF_STACK_FILTER,
  JF_N_STACKS
} JfStackKind;

/* One convolution (a correlation: kernels are not flipped), stride 1. */
typedef struct
{
  int          inputs;
  int          outputs;
  int          kernel;      /* odd side length */
  const float *weight;      /* [outputs][inputs][kernel][kernel] */
  const float *bias;        /* [outputs] */
} JfLayer;

typedef struct
{
  JfLayer *layers;
  int      n_layers;
  int      halo;            /* sum of the kernel radii, in pixels of the stack's own grid */
} JfStack;

/* Immutable once loaded, so one model may serve any number of threads. */
typedef struct
{
  char     *name;           /* where it came from, for messages */
  char     *task;
  int       scale;
  gboolean  residual;       /* output = target + filter stack                */
  gboolean  merge_relu;     /* a ReLU on the features before the filter stack */
  gboolean  noise_level;    /* the target stack has an input for sigma        */
  gboolean  noise_excess;   /* and one for the noise's excess (noise.h)        */
  int       space_to_depth; /* r: 1, 2 or 4                                   */
  int       target_channels;/* planes the target stack sees at once: 1 or 3   */
  JfStack   stacks[JF_N_STACKS];
  int       halo;           /* full-resolution pixels of context on every side of an output pixel's block */

  /*< private >*/
  gatomicrefcount ref_count;
  JfSafetensors  *file;
} JfModel;

GQuark    jf_model_error_quark                (void);

JfModel * jf_model_load                       (const char     *path,
                                               GError        **error);
JfModel * jf_model_load_bytes                 (GBytes         *bytes,
                                               const char     *name,
                                               GError        **error);
JfModel * jf_model_new                        (JfSafetensors  *file,
                                               GError        **error);
JfModel * jf_model_ref                        (JfModel        *model);
void      jf_model_unref                      (JfModel        *model);

int       jf_model_get_receptive_field        (const JfModel  *model);
double    jf_model_get_multiplications        (const JfModel  *model,
                                               int             channels);

const char * jf_stack_kind_get_name           (JfStackKind     kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfModel, jf_model_unref)

G_END_DECLS
