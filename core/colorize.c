/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * colorize: colours for a grey photo, from strokes
 *
 * The method is that of Levin, Lischinski and Weiss, "Colorization using optimization" (SIGGRAPH 2004): a pixel's chroma
 * is the mean of its neighbours', weighted by how alike in luma they are, but for pixels with a stroke, whose chroma is
 * known. One equation per pixel makes a sparse system, for which there is UMFPACK (Davis 2004). It is unsymmetric,
 * since similarity is measured by what is around each pixel. Its least squares form is symmetric, but has three times
 * as many entries and the square of the condition number.
 *
 * As in Li et al.'s paper on joint filtering the system is solved for a reduced picture, of cells instead of pixels, and
 * a network enlarges the result with the photo's help. So time and memory stay bounded.
 */
#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>
#include <umfpack.h>

#include "colorize.h"

/* Networks are there for so many times; the system has at most so many cells, which takes some seconds and
 * 600 MiB: up to 25 megapixels at a factor of 8. Only beyond 100 megapixels it becomes larger.
 */
#define MIN_FACTOR 4
#define MAX_FACTOR 16
#define MAX_CELLS  400000

/* Levin, Lischinski and Weiss' published program has these: luma differs by 0.6 times the variance around, by
 * no less than 2e-6, and by so much that the most similar neighbour has a weight of 0.01.
 */
#define VARIANCE_SHARE 0.6
#define LEAST_VARIANCE 2e-6
#define LEAST_WEIGHT   0.01

/* Neighbours are those in a window of 3 x 3. */
#define N_NEIGHBOURS 8

/* What a copy of the photo that was saved with losses differs by, and what is a stroke for sure. */
#define LEAST_DIFFERENCE (3.0f / 255.0f)
#define SURE_DIFFERENCE  (12.0f / 255.0f)

/* With more strokes than that something else was chosen for strokes. */
#define MOST_STROKES 0.95

/* The reduced picture. */
typedef struct
{
  int     width;
  int     height;
  int     n_planes;
  double *luma;
  double *alpha;    /* of the strongest stroke                            */
  double *chroma;   /* [plane][cell], the mean of strokes; then the solution */
} Cells;

/* The system, by rows: UMFPACK takes it for the columns of its transpose. */
typedef struct
{
  SuiteSparse_long *starts;
  SuiteSparse_long *columns;
  double           *values;
} Equations;

G_DEFINE_QUARK (jf-colorize-error-quark, jf_colorize_error)

/*  private functions  */

static void
cells_clear (Cells *cells)
{
  g_free (cells->luma);
  g_free (cells->alpha);
  g_free (cells->chroma);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cells, cells_clear)

static void
equations_clear (Equations *equations)
{
  g_free (equations->starts);
  g_free (equations->columns);
  g_free (equations->values);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Equations, equations_clear)

/* How much of a stroke a pixel is; none where its colour or that of the photo is no number. */
static double
get_alpha (const JfPlanes *luma,
           const JfPlanes *strokes,
           const float    *alpha,
           int             x,
           int             y)
{
  int c;

  for (c = 0; c < strokes->channels; c++)
    if (! isfinite (jf_planes_get_row (strokes, c, x, y)[0]))
      return 0.0;

  if (! isfinite (jf_planes_get_row (luma, 0, x, y)[0]))
    return 0.0;

  return CLAMP (alpha[(gsize) y * luma->width + x], 0.0f, 1.0f);
}

/* Means of the luma of all of a cell's pixels, and of the chroma of those with strokes. */
static void
fill_cell (Cells          *cells,
           const JfPlanes *luma,
           const JfPlanes *strokes,
           const float    *alpha,
           int             factor,
           gsize           cell)
{
  const gsize n_cells = (gsize) cells->width * cells->height;
  const int   left    = (int) (cell % cells->width) * factor;
  const int   top     = (int) (cell / cells->width) * factor;
  const int   right   = MIN (left + factor, luma->width);
  const int   bottom  = MIN (top + factor, luma->height);
  double      sum     = 0.0;
  int         n       = 0;
  int         c, x, y;

  for (y = top; y < bottom; y++)
    for (x = left; x < right; x++)
      {
        const float  value = jf_planes_get_row (luma, 0, x, y)[0];
        const double share = get_alpha (luma, strokes, alpha, x, y);

        if (isfinite (value))
          {
            cells->luma[cell] += value;
            n++;
          }

        sum                += share;
        cells->alpha[cell]  = MAX (cells->alpha[cell], share);
        for (c = 0; c < cells->n_planes && share > 0.0; c++)
          cells->chroma[c * n_cells + cell] += share * jf_planes_get_row (strokes, c, x, y)[0];
      }

  cells->luma[cell] /= MAX (n, 1);
  for (c = 0; c < cells->n_planes && sum > 0.0; c++)
    cells->chroma[c * n_cells + cell] /= sum;
}

static void
cells_init (Cells          *cells,
            const JfPlanes *luma,
            const JfPlanes *strokes,
            const float    *alpha,
            int             factor)
{
  gsize n, i;

  cells->width    = (luma->width - 1) / factor + 1;
  cells->height   = (luma->height - 1) / factor + 1;
  cells->n_planes = strokes->channels;

  n             = (gsize) cells->width * cells->height;
  cells->luma   = g_new0 (double, n);
  cells->alpha  = g_new0 (double, n);
  cells->chroma = g_new0 (double, n * strokes->channels);

  for (i = 0; i < n; i++)
    fill_cell (cells, luma, strokes, alpha, factor, i);
}

/* Says what is wrong with the strokes, if anything. */
static gboolean
check_strokes (const JfPlanes  *luma,
               const JfPlanes  *strokes,
               const float     *alpha,
               GError         **error)
{
  double n_strokes = 0.0;
  int    x, y;

  for (y = 0; y < luma->height; y++)
    for (x = 0; x < luma->width; x++)
      n_strokes += get_alpha (luma, strokes, alpha, x, y) > 0.0;

  if (n_strokes == 0.0)
    {
      g_set_error_literal (error, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_NO_STROKES,
                           _("There are no coloured strokes: paint some on a transparent layer above the grey photo, "
                             "or on a copy of it"));
      return FALSE;
    }

  if (n_strokes > MOST_STROKES * luma->width * luma->height)
    {
      g_set_error_literal (error, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_ALL_STROKES,
                           _("Strokes are everywhere, which leaves nothing to colour: paint some on a transparent layer "
                             "above the grey photo, or on a copy of it, and choose that photo as guidance"));
      return FALSE;
    }

  return TRUE;
}

/* The neighbours of a cell: their indices and how alike they are, in sum 1. */
static int
weigh_neighbours (const Cells      *cells,
                  int               x,
                  int               y,
                  SuiteSparse_long  indices[N_NEIGHBOURS],
                  double            weights[N_NEIGHBOURS])
{
  const double here    = cells->luma[(gsize) y * cells->width + x];
  double       mean    = 0.0;
  double       square  = 0.0;
  double       least   = G_MAXDOUBLE;
  double       sum     = 0.0;
  double       spread;
  int          n       = 0;
  int          u, v, i;

  for (v = MAX (y - 1, 0); v <= MIN (y + 1, cells->height - 1); v++)
    for (u = MAX (x - 1, 0); u <= MIN (x + 1, cells->width - 1); u++)
      if (u != x || v != y)
        {
          double difference;

          indices[n]  = (SuiteSparse_long) v * cells->width + u;
          difference  = cells->luma[indices[n]] - here;
          weights[n]  = difference * difference;
          mean       += difference;
          square     += weights[n];
          least       = MIN (least, weights[n]);
          n++;
        }

  mean   /= n + 1;
  spread  = MAX (VARIANCE_SHARE * (square / (n + 1) - mean * mean), least / -log (LEAST_WEIGHT));
  spread  = MAX (spread, LEAST_VARIANCE);

  for (i = 0; i < n; i++)
    sum += weights[i] = exp (-weights[i] / spread);
  for (i = 0; i < n; i++)
    weights[i] /= sum;

  return n;
}

/* chroma - (1 - alpha) x the neighbours' = alpha x the stroke's */
static void
equations_init (Equations *equations,
                Cells     *cells)
{
  const gsize      n   = (gsize) cells->width * cells->height;
  SuiteSparse_long end = 0;
  gsize            row = 0;
  int              x, y, c, i;

  equations->starts  = g_new (SuiteSparse_long, n + 1);
  equations->columns = g_new (SuiteSparse_long, n * (N_NEIGHBOURS + 1));
  equations->values  = g_new (double, n * (N_NEIGHBOURS + 1));

  for (y = 0; y < cells->height; y++)
    for (x = 0; x < cells->width; x++, row++)
      {
        const double     alpha = n == 1 ? 1.0 : cells->alpha[row];
        SuiteSparse_long indices[N_NEIGHBOURS];
        double           weights[N_NEIGHBOURS];
        int              n_neighbours = alpha < 1.0 ? weigh_neighbours (cells, x, y, indices, weights) : 0;

        /* UMFPACK wants rising indices. */
        equations->starts[row] = end;
        for (i = 0; i <= n_neighbours; i++)
          {
            if (i == n_neighbours || indices[i] > (SuiteSparse_long) row)
              break;
            equations->columns[end]  = indices[i];
            equations->values[end++] = (alpha - 1.0) * weights[i];
          }
        equations->columns[end]  = (SuiteSparse_long) row;
        equations->values[end++] = 1.0;
        for (; i < n_neighbours; i++)
          {
            equations->columns[end]  = indices[i];
            equations->values[end++] = (alpha - 1.0) * weights[i];
          }

        for (c = 0; c < cells->n_planes; c++)
          cells->chroma[c * n + row] *= alpha;
      }

  equations->starts[n] = end;
}

static gboolean
check_status (SuiteSparse_long   status,
              GError           **error)
{
  if (status == UMFPACK_OK)
    return TRUE;

  if (status == UMFPACK_ERROR_out_of_memory)
    g_set_error_literal (error, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_FAILED,
                         _("There is no memory to spread colours over a picture of this size: close other programs or "
                           "scale the image down"));
  else
    g_set_error (error, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_FAILED,
                 _("Colours could not be spread (UMFPACK says %d): the photo or the strokes have values far out of "
                   "range"), (int) status);

  return FALSE;
}

/* UMFPACK cannot be interrupted, so one looks between its steps. */
static gboolean
factorize (const Equations  *equations,
           SuiteSparse_long  n,
           const double     *control,
           GCancellable     *cancellable,
           void            **numeric,
           GError          **error)
{
  void             *symbolic = NULL;
  SuiteSparse_long  status   = umfpack_dl_symbolic (n, n, equations->starts, equations->columns, equations->values,
                                                    &symbolic, control, NULL);

  if (status == UMFPACK_OK && ! g_cancellable_is_cancelled (cancellable))
    status = umfpack_dl_numeric (equations->starts, equations->columns, equations->values, symbolic, numeric, control,
                                 NULL);
  umfpack_dl_free_symbolic (&symbolic);

  return check_status (status, error) && ! g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* Replaces the right sides in @cells by the solutions. */
static gboolean
solve (const Equations  *equations,
       Cells            *cells,
       GCancellable     *cancellable,
       GError          **error)
{
  const SuiteSparse_long  n        = (SuiteSparse_long) cells->width * cells->height;
  g_autofree double      *solution = g_new (double, n);
  void                   *numeric  = NULL;
  gboolean                success;
  double                  control[UMFPACK_CONTROL];
  int                     c;

  umfpack_dl_defaults (control);
  control[UMFPACK_STRATEGY] = UMFPACK_STRATEGY_SYMMETRIC;

  success = factorize (equations, n, control, cancellable, &numeric, error);
  for (c = 0; c < cells->n_planes && success; c++)
    {
      double *plane = cells->chroma + c * n;

      success = check_status (umfpack_dl_solve (UMFPACK_Aat, equations->starts, equations->columns, equations->values,
                                                solution, plane, numeric, control, NULL), error);
      memcpy (plane, solution, n * sizeof (double));
    }
  umfpack_dl_free_numeric (&numeric);

  return success;
}

static float
get_difference (const JfPlanes *one,
                const JfPlanes *other,
                int             x,
                int             y)
{
  const int n_planes = MAX (one->channels, other->channels);
  float     most     = 0.0f;
  int       c;

  for (c = 0; c < n_planes; c++)
    {
      float difference = jf_planes_get_row (one, MIN (c, one->channels - 1), x, y)[0] -
                         jf_planes_get_row (other, MIN (c, other->channels - 1), x, y)[0];

      most = MAX (most, fabsf (difference));
    }

  return most;
}

static gboolean
check_sizes (const JfPlanes  *photo,
             const JfPlanes  *strokes,
             GError         **error)
{
  if (photo->width == strokes->width && photo->height == strokes->height)
    return TRUE;

  g_set_error (error, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_SIZE,
               _("The strokes are %d × %d pixels but the photo %d × %d: they must be of one size"),
               strokes->width, strokes->height, photo->width, photo->height);
  return FALSE;
}

/*  public functions  */

/**
 * jf_colorize_get_factor:
 * @width:  of a photo
 * @height: of a photo
 *
 * Returns: 4, 8 or 16: how many times to reduce a photo so that jf_colorize_solve() takes seconds
 */
int
jf_colorize_get_factor (int width,
                        int height)
{
  int factor = MIN_FACTOR;

  while (factor < MAX_FACTOR && (double) width * height > (double) MAX_CELLS * factor * factor)
    factor *= 2;

  return factor;
}

/**
 * jf_colorize_find_strokes:
 * @scribbled: a copy of @photo with strokes on it, 1 or 3 planes
 * @photo:     the photo, 1 or 3 planes
 * @alpha:     (out caller-allocates): a plane for how much of a stroke each pixel is, 0..1
 * @error:     return location for a #JF_COLORIZE_ERROR
 *
 * Finds strokes where the copy differs from the photo, in colour or in lightness. Grey strokes are strokes, too: they
 * keep places grey. What losses of a file format differ by counts little or not at all.
 *
 * Returns: TRUE unless sizes differ
 */
gboolean
jf_colorize_find_strokes (const JfPlanes  *scribbled,
                          const JfPlanes  *photo,
                          float           *alpha,
                          GError         **error)
{
  int x, y;

  if (! check_sizes (photo, scribbled, error))
    return FALSE;

  for (y = 0; y < photo->height; y++)
    for (x = 0; x < photo->width; x++)
      {
        float difference = get_difference (scribbled, photo, x, y);

        alpha[(gsize) y * photo->width + x] =
          CLAMP ((difference - LEAST_DIFFERENCE) / (SURE_DIFFERENCE - LEAST_DIFFERENCE), 0.0f, 1.0f);
      }

  return TRUE;
}

/**
 * jf_colorize_solve:
 * @luma:        the photo's luma, 0..1
 * @strokes:     planes of chroma, of the photo's size; only looked at where there are strokes
 * @alpha:       a plane: how much of a stroke each pixel is, 0..1
 * @factor:      how many times to reduce; see jf_colorize_get_factor()
 * @cancellable: (nullable): looked at between steps that take seconds for the largest pictures
 * @chroma:      (out caller-allocates): all zero; gets planes as many as those of @strokes, of cells of
 *               @factor x @factor pixels, the last ones of a row or column perhaps fewer
 * @error:       return location for a #JF_COLORIZE_ERROR, a #JF_PLANES_ERROR or %G_IO_ERROR_CANCELLED
 *
 * Spreads chroma from strokes over a reduced photo. Where a stroke is opaque a cell has the mean of its strokes' chroma;
 * where it is not, the neighbours' have the rest of the say.
 *
 * Returns: TRUE on success; free @chroma with jf_planes_clear() then
 */
gboolean
jf_colorize_solve (const JfPlanes  *luma,
                   const JfPlanes  *strokes,
                   const float     *alpha,
                   int              factor,
                   GCancellable    *cancellable,
                   JfPlanes        *chroma,
                   GError         **error)
{
  g_auto(Cells)     cells     = { 0 };
  g_auto(Equations) equations = { 0 };
  gsize             n_values, i;

  if (! check_sizes (luma, strokes, error) ||
      ! check_strokes (luma, strokes, alpha, error))
    return FALSE;

  cells_init (&cells, luma, strokes, alpha, factor);
  equations_init (&equations, &cells);

  if (! solve (&equations, &cells, cancellable, error) ||
      ! jf_planes_init (chroma, cells.n_planes, cells.width, cells.height, error))
    return FALSE;

  n_values = (gsize) cells.n_planes * cells.width * cells.height;
  for (i = 0; i < n_values; i++)
    chroma->data[i] = (float) cells.chroma[i];

  return TRUE;
}

/**
 * jf_colorize_keep_strokes:
 * @strokes: planes of chroma, of the photo's size
 * @alpha:   a plane: how much of a stroke each pixel is, 0..1
 * @region:  a part of the photo
 * @chroma:  (inout): what became of @region, planes as many as those of @strokes
 *
 * Gives pixels with strokes their chroma back, as far as the strokes are opaque.
 */
void
jf_colorize_keep_strokes (const JfPlanes *strokes,
                          const float    *alpha,
                          const JfRegion *region,
                          JfPlanes       *chroma)
{
  int c, x, y;

  for (c = 0; c < strokes->channels; c++)
    for (y = 0; y < region->height; y++)
      {
        const float *share  = alpha + (gsize) (region->y + y) * strokes->width + region->x;
        const float *stroke = jf_planes_get_row (strokes, c, region->x, region->y + y);
        float       *out    = jf_planes_get_row (chroma, c, 0, y);

        for (x = 0; x < region->width; x++)
          if (share[x] > 0.0f)
            out[x] = MIN (share[x], 1.0f) * stroke[x] + MAX (1.0f - share[x], 0.0f) * out[x];
      }
}
