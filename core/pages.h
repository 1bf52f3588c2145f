/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pages: large pages of memory
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The size of a large page on most machines: what memory for large pages is aligned to. */
#define JF_LARGE_PAGE (2 << 20)

void jf_pages_enlarge (void  *memory,
                       gsize  n_bytes);

G_END_DECLS
