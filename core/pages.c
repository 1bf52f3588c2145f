/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pages: large pages of memory
 */
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "pages.h"


/**
 * jf_pages_enlarge:
 * @memory:  memory that nobody has written to, aligned to JF_LARGE_PAGE; NULL does nothing
 * @n_bytes: of it
 *
 * Asks the system for large pages, where it has them.
 */
void
jf_pages_enlarge (void  *memory,
                  gsize  n_bytes)
{
#ifdef MADV_HUGEPAGE
  if (memory)
    madvise (memory, n_bytes, MADV_HUGEPAGE);
#endif
}
