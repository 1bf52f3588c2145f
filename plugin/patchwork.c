/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * patchwork: a picture that is computed part by part
 */
#include <math.h>
#include <string.h>

#include "patchwork.h"


/* Side of the squares of which is known whether they are computed: where parts that come one by one meet, no wider strip
 * is left over.
 */
#define CELL             2

/* How much is computed at a time, in pixels. A part computes its halo as well, some 20 pixels on every side that the
 * next one computes again, and shows its rows while they come; only in a large view is it worth while to see the middle
 * first.
 */
#define MAX_PART_WIDTH   768
#define MAX_PART_HEIGHT  512


/* What is known of a cell. */
enum
{
  NOTHING,
  OLD,
  FRESH
};


static void     copy_cells   (const JfPatchwork  *patchwork,
                              const JfPlanes     *planes,
                              int                 x,
                              int                 y,
                              gboolean            known,
                              JfPlanes           *row);
static gboolean find_missing (const JfPatchwork  *patchwork,
                              JfRegion           *cells);
static JfRegion get_cells    (const JfPatchwork  *patchwork,
                              const JfRegion     *region);
static JfRegion get_whole_cells
                             (const JfPatchwork  *patchwork,
                              const JfRegion     *region);
static double   get_distance (const JfRegion     *region,
                              const JfRegion     *other);


/*  public functions  */

/**
 * jf_patchwork_init:
 * @patchwork: (out caller-allocates): free with jf_patchwork_clear ()
 * @channels:  how many planes the picture has
 * @width:     in pixels
 * @height:    in pixels
 * @error:     return location for a #JF_PLANES_ERROR
 *
 * Begins a picture of which nothing is known.
 *
 * Returns: whether there was memory
 */
gboolean
jf_patchwork_init (JfPatchwork  *patchwork,
                   int           channels,
                   int           width,
                   int           height,
                   GError      **error)
{
  *patchwork = (JfPatchwork) { 0 };

  if (! jf_planes_init (&patchwork->planes, channels, width, height, error))
    return FALSE;

  patchwork->n_columns = (width  + CELL - 1) / CELL;
  patchwork->n_rows    = (height + CELL - 1) / CELL;
  patchwork->cells     = g_malloc0 ((gsize) patchwork->n_columns * patchwork->n_rows);

  return TRUE;
}

/**
 * jf_patchwork_clear:
 * @patchwork: from jf_patchwork_init (), or all zero
 */
void
jf_patchwork_clear (JfPatchwork *patchwork)
{
  jf_planes_clear (&patchwork->planes);
  g_clear_pointer (&patchwork->cells, g_free);
}

/**
 * jf_patchwork_age:
 * @patchwork: a picture
 *
 * What is known is true no more, but better than nothing.
 */
void
jf_patchwork_age (JfPatchwork *patchwork)
{
  gsize n_cells = (gsize) patchwork->n_columns * patchwork->n_rows;

  for (gsize i = 0; i < n_cells; i++)
    patchwork->cells[i] = MIN (patchwork->cells[i], OLD);
}

/**
 * jf_patchwork_put:
 * @patchwork: a picture
 * @region:    a part of it; one that jf_patchwork_find () found if it is final
 * @planes:    the values there
 * @final:     whether they are true; otherwise they are better than nothing
 */
void
jf_patchwork_put (JfPatchwork    *patchwork,
                  const JfRegion *region,
                  const JfPlanes *planes,
                  gboolean        final)
{
  JfRegion cells = final ? get_cells (patchwork, region) : get_whole_cells (patchwork, region);

  jf_planes_copy (&patchwork->planes, region->x, region->y, planes, &(JfRegion) { 0, 0, region->width, region->height });

  for (int y = 0; y < cells.height && cells.width > 0; y++)
    memset (patchwork->cells + (gsize) (cells.y + y) * patchwork->n_columns + cells.x, final ? FRESH : OLD, cells.width);
}

/**
 * jf_patchwork_find:
 * @patchwork: a picture
 * @view:      what the user looks at, within the picture
 * @part:      (out): what to compute next
 *
 * The middle of the view comes first.
 *
 * Returns: FALSE if all of the view is known and true
 */
gboolean
jf_patchwork_find (const JfPatchwork *patchwork,
                   const JfRegion    *view,
                   JfRegion          *part)
{
  JfRegion cells     = get_cells (patchwork, view);
  int      n_columns = (view->width - 1) / MAX_PART_WIDTH + 1;
  int      n_rows    = (view->height - 1) / MAX_PART_HEIGHT + 1;
  double   nearest   = G_MAXDOUBLE;

  for (int row = 0; row < n_rows; row++)
    for (int column = 0; column < n_columns; column++)
      {
        int      x         = cells.width  * column / n_columns;
        int      y         = cells.height * row    / n_rows;
        JfRegion candidate = { cells.x + x, cells.y + y,
                               cells.width  * (column + 1) / n_columns - x, cells.height * (row + 1) / n_rows - y };

        if (! find_missing (patchwork, &candidate) || get_distance (&candidate, &cells) >= nearest)
          continue;

        nearest = get_distance (&candidate, &cells);
        *part   = (JfRegion) { candidate.x * CELL, candidate.y * CELL,
                               MIN (candidate.width  * CELL, patchwork->planes.width  - candidate.x * CELL),
                               MIN (candidate.height * CELL, patchwork->planes.height - candidate.y * CELL) };
      }

  return nearest < G_MAXDOUBLE;
}

/**
 * jf_patchwork_read:
 * @patchwork: a picture
 * @x:         of the first pixel
 * @y:         of the first pixel
 * @row:       (inout): a row of planes, within the picture
 *
 * Copies what is known, true or not, and leaves the rest of @row as it is.
 */
void
jf_patchwork_read (const JfPatchwork *patchwork,
                   int                x,
                   int                y,
                   JfPlanes          *row)
{
  copy_cells (patchwork, &patchwork->planes, x, y, TRUE, row);
}

/**
 * jf_patchwork_cover:
 * @patchwork: a picture
 * @other:     another one of its size
 * @x:         of the first pixel
 * @y:         of the first pixel
 * @row:       (inout): a row of planes, within the picture
 *
 * Copies @other where nothing is known, and leaves the rest of @row as it is.
 */
void
jf_patchwork_cover (const JfPatchwork *patchwork,
                    const JfPlanes    *other,
                    int                x,
                    int                y,
                    JfPlanes          *row)
{
  copy_cells (patchwork, other, x, y, FALSE, row);
}


/*  private functions  */

static void
copy_cells (const JfPatchwork *patchwork,
            const JfPlanes    *planes,
            int                x,
            int                y,
            gboolean           known,
            JfPlanes          *row)
{
  const guchar *cells = patchwork->cells + (gsize) (y / CELL) * patchwork->n_columns;
  int           end   = x + row->width;

  for (int from = x, to; from < end; from = to)
    {
      gboolean here = cells[from / CELL] != NOTHING;

      for (to = from; to < end && (cells[to / CELL] != NOTHING) == here; )
        to = MIN ((to / CELL + 1) * CELL, end);

      if (here == known)
        jf_planes_copy (row, from - x, 0, planes, &(JfRegion) { from, y, to - from, 1 });
    }
}

/* Shrinks a region of cells to those that are not known or not true; FALSE if there are none. */
static gboolean
find_missing (const JfPatchwork *patchwork,
              JfRegion          *cells)
{
  int left  = G_MAXINT;
  int top   = G_MAXINT;
  int right = -1;
  int below = -1;

  for (int y = cells->y; y < cells->y + cells->height; y++)
    for (int x = cells->x; x < cells->x + cells->width; x++)
      if (patchwork->cells[(gsize) y * patchwork->n_columns + x] != FRESH)
        {
          left  = MIN (left, x);
          right = MAX (right, x);
          top   = MIN (top, y);
          below = y;
        }

  *cells = (JfRegion) { left, top, right - left + 1, below - top + 1 };

  return right >= 0;
}

/* The cells that a region touches. */
static JfRegion
get_cells (const JfPatchwork *patchwork,
           const JfRegion    *region)
{
  int x = region->x / CELL;
  int y = region->y / CELL;

  return (JfRegion) { x, y,
                      MIN ((region->x + region->width  - 1) / CELL + 1, patchwork->n_columns) - x,
                      MIN ((region->y + region->height - 1) / CELL + 1, patchwork->n_rows)    - y };
}

/* The cells that a region covers: height or width of them may be 0 or less. The last ones of the picture may be smaller. */
static JfRegion
get_whole_cells (const JfPatchwork *patchwork,
                 const JfRegion    *region)
{
  int x     = (region->x + CELL - 1) / CELL;
  int y     = (region->y + CELL - 1) / CELL;
  int right = region->x + region->width;
  int below = region->y + region->height;

  return (JfRegion) { x, y,
                      (right == patchwork->planes.width  ? patchwork->n_columns : right / CELL) - x,
                      (below == patchwork->planes.height ? patchwork->n_rows    : below / CELL) - y };
}

/* Between the middles. */
static double
get_distance (const JfRegion *region,
              const JfRegion *other)
{
  return hypot (region->x + region->width  / 2.0 - other->x - other->width  / 2.0,
                region->y + region->height / 2.0 - other->y - other->height / 2.0);
}
