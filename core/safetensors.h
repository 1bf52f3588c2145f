/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * safetensors: named float32 arrays in a file
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define JF_SAFETENSORS_ERROR       (jf_safetensors_error_quark ())
#define JF_TENSOR_MAX_DIMENSIONS   4

typedef enum
{
  JF_SAFETENSORS_ERROR_INVALID
} JfSafetensorsError;

/* data belongs to the file (reading) or to the caller (writing). No dimensions: one value. */
typedef struct
{
  char        *name;
  int          n_dimensions;
  gint64       shape[JF_TENSOR_MAX_DIMENSIONS];
  const float *data;
} JfTensor;

typedef struct _JfSafetensors JfSafetensors;

GQuark            jf_safetensors_error_quark  (void);

JfSafetensors   * jf_safetensors_load         (const char          *path,
                                               GError             **error);
JfSafetensors   * jf_safetensors_load_bytes   (GBytes              *bytes,
                                               const char          *name,
                                               GError             **error);
void              jf_safetensors_free         (JfSafetensors       *file);

const char      * jf_safetensors_get_name     (const JfSafetensors *file);
const JfTensor  * jf_safetensors_get_tensor   (const JfSafetensors *file,
                                               const char          *name);
const GPtrArray * jf_safetensors_list_tensors (const JfSafetensors *file);
const char      * jf_safetensors_get_metadata (const JfSafetensors *file,
                                               const char          *key);

gboolean          jf_safetensors_write        (GOutputStream       *stream,
                                               const char * const  *metadata,
                                               const JfTensor      *tensors,
                                               int                  n_tensors,
                                               GError             **error);
gboolean          jf_safetensors_save         (const char          *path,
                                               const JfTensor      *tensors,
                                               int                  n_tensors,
                                               GError             **error);

gsize             jf_tensor_count             (const JfTensor      *tensor);
char            * jf_tensor_describe_shape    (const JfTensor      *tensor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfSafetensors, jf_safetensors_free)

G_END_DECLS
