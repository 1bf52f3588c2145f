/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * procedure: a mode as a GIMP procedure
 */
#pragma once

#include <libgimp/gimp.h>

#include "modes.h"

G_BEGIN_DECLS

GimpProcedure * jf_procedure_new (GimpPlugIn   *plug_in,
                                  const JfMode *mode);

G_END_DECLS
