/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * models: the model files beside the executable
 */
#pragma once

#include "model.h"

G_BEGIN_DECLS

JfModel * jf_models_load (const char  *name,
                          GError     **error);

G_END_DECLS
