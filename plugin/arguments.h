/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arguments: what a mode's procedure is told
 */
#pragma once

#include <libgimp/gimp.h>

#include "pipeline.h"

G_BEGIN_DECLS

void        jf_arguments_add          (GimpProcedure        *procedure,
                                       const JfMode         *mode);
void        jf_arguments_set_image    (GimpProcedureConfig  *config,
                                       GimpImage            *image);
void        jf_arguments_check_image  (GimpProcedureConfig  *config,
                                       GimpImage            *image);
gboolean    jf_arguments_has_guidance (GimpProcedureConfig  *config);
GimpLayer * jf_arguments_get_guidance (GimpProcedureConfig  *config,
                                       GimpImage            *image);
void        jf_arguments_get_options  (GimpProcedureConfig  *config,
                                       const JfMode         *mode,
                                       JfPipelineOptions    *options);

G_END_DECLS
