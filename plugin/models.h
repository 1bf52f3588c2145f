/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * models: the model files beside the executable
 */
#pragma once

#include "pipeline.h"

G_BEGIN_DECLS

JfPipeline * jf_models_load (const JfMode             *mode,
                             const JfPipelineOptions  *options,
                             const JfPipeline         *former,
                             GError                  **error);

G_END_DECLS
