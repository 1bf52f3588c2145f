/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fixture-configurations: tests again by every configuration of BLIS
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void fixture_add_configurations (const char *path,
                                 const char *test,
                                 const char *program);

G_END_DECLS
