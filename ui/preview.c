/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preview: a window on the pictures of a preview source
 *
 * GIMP's own previews work on 8-bit thumbnails (GimpZoomPreview) or are blank in other precisions (GimpDrawablePreview in
 * GIMP 3.0), have one small size and no split. This one shows pixel for pixel what the source gives: a pixel of the
 * picture is a pixel of the screen at zoom 1, on displays of high density too, where GTK's own unit is several pixels.
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "preview.h"


/* In GTK's pixels. */
#define GRIP_RADIUS       9.0
#define GRAB_DISTANCE     8.0
#define LABEL_MARGIN      8.0
#define LABEL_PADDING     4.0

/* Shares of what is seen: one step of the keys or the wheel, and one of the divider. */
#define STEP              0.1
#define DIVIDER_STEP      0.02

/* A line that is seen on any picture: light between dark. */
#define LIGHT             1.0, 1.0, 1.0, 0.95
#define DARK              0.0, 0.0, 0.0, 0.55


typedef enum
{
  DRAG_NOTHING,
  DRAG_PICTURE,
  DRAG_DIVIDER
} Drag;

struct _JfPreview
{
  GtkDrawingArea   parent_instance;

  JfPreviewSource *source;
  JfPicture        picture;
  GimpColorConfig *colours;
  gboolean         active;              /* or only the picture before is shown */
  gboolean         before;              /* it is shown for now                 */

  JfFocus          focus;
  JfView           view;
  gboolean         allocated;           /* there is a window to fill */
  GtkAdjustment   *adjustments[2];
  gboolean         adjusting;           /* they follow the focus     */

  JfSplit          split;
  double           divider;             /* share of the window that is before */

  Drag             drag;
  double           drag_x;
  double           drag_y;
  JfFocus          drag_focus;

  /* The visible part of the pictures, by JfPicture; NULL: not drawn yet. */
  cairo_surface_t *surfaces[3];
};

enum
{
  PROP_0,
  PROP_CENTER_X,
  PROP_CENTER_Y,
  PROP_ZOOM,
  PROP_HADJUSTMENT,
  PROP_VADJUSTMENT,
  PROP_HSCROLL_POLICY,
  PROP_VSCROLL_POLICY
};


static void              jf_preview_dispose       (GObject         *object);
static void              jf_preview_set_property  (GObject         *object,
                                                   guint            property_id,
                                                   const GValue    *value,
                                                   GParamSpec      *pspec);
static void              jf_preview_get_property  (GObject         *object,
                                                   guint            property_id,
                                                   GValue          *value,
                                                   GParamSpec      *pspec);
static void              jf_preview_size_allocate (GtkWidget       *widget,
                                                   GtkAllocation   *allocation);
static gboolean          jf_preview_draw          (GtkWidget       *widget,
                                                   cairo_t         *cr);
static gboolean          jf_preview_button        (GtkWidget       *widget,
                                                   GdkEventButton  *event);
static gboolean          jf_preview_motion        (GtkWidget       *widget,
                                                   GdkEventMotion  *event);
static gboolean          jf_preview_scroll        (GtkWidget       *widget,
                                                   GdkEventScroll  *event);
static gboolean          jf_preview_key           (GtkWidget       *widget,
                                                   GdkEventKey     *event);
static gboolean          jf_preview_focus_out     (GtkWidget       *widget,
                                                   GdkEventFocus   *event);

static void              set_adjustment           (JfPreview       *preview,
                                                   int              axis,
                                                   GtkAdjustment   *adjustment);
static void              configure_adjustments    (JfPreview       *preview);
static void              follow_adjustments       (JfPreview       *preview);
static void              set_focus                (JfPreview       *preview,
                                                   JfFocus          focus);
static void              update_view              (JfPreview       *preview);
static void              forget_surfaces          (JfPreview       *preview);
static void              request                  (JfPreview       *preview);
static void              on_changed               (JfPreview       *preview,
                                                   int              picture,
                                                   const JfRegion  *region);
static void              on_resized               (JfPreview       *preview);
static cairo_surface_t * get_surface              (JfPreview       *preview,
                                                   JfPicture        picture);
static void              read_pixels              (JfPreview       *preview,
                                                   JfPicture        picture,
                                                   const JfRegion  *region);
static void              draw_picture             (JfPreview       *preview,
                                                   cairo_t         *cr,
                                                   JfPicture        picture);
static void              draw_split               (JfPreview       *preview,
                                                   cairo_t         *cr);
static void              draw_divider             (JfPreview       *preview,
                                                   cairo_t         *cr);
static void              stroke                   (cairo_t         *cr);
static void              draw_label               (JfPreview       *preview,
                                                   cairo_t         *cr,
                                                   const char      *text,
                                                   double           x_share,
                                                   double           y_share);
static cairo_pattern_t * get_checks               (cairo_t         *cr);
static gboolean          is_split                 (JfPreview       *preview);
static double            get_divider_position     (JfPreview       *preview);
static gboolean          is_at_divider            (JfPreview       *preview,
                                                   double           x,
                                                   double           y);
static void              set_divider              (JfPreview       *preview,
                                                   double           divider);
static void              set_cursor               (JfPreview       *preview,
                                                   const char      *name);
static void              choose_cursor            (JfPreview       *preview,
                                                   double           x,
                                                   double           y);
static void              move_focus               (JfPreview       *preview,
                                                   double           center_x,
                                                   double           center_y);
static void              pan                      (JfPreview       *preview,
                                                   int              x_steps,
                                                   int              y_steps);
static void              zoom_at                  (JfPreview       *preview,
                                                   double           zoom,
                                                   double           x,
                                                   double           y);
static gboolean          use_key                  (JfPreview       *preview,
                                                   guint            key,
                                                   gboolean         control);
static gboolean          use_arrow                (JfPreview       *preview,
                                                   guint            key,
                                                   gboolean         control);


G_DEFINE_FINAL_TYPE_WITH_CODE (JfPreview, jf_preview, GTK_TYPE_DRAWING_AREA,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_SCROLLABLE, NULL))


/*  public functions  */

/**
 * jf_preview_new:
 * @source:  where the pixels come from
 * @picture: which picture: %JF_PICTURE_AFTER may be compared with the one before and is requested where it is seen
 * @colours: how the user wants colours to be shown
 *
 * The properties "center-x" and "center-y" (in pixels of the picture) and "zoom" may be bound to those of another
 * preview of the same source.
 *
 * Returns: (transfer floating): the widget, to be put into a #GtkScrolledWindow
 */
GtkWidget *
jf_preview_new (JfPreviewSource *source,
                JfPicture        picture,
                GimpColorConfig *colours)
{
  JfPreview *preview = g_object_new (JF_TYPE_PREVIEW, NULL);
  JfRegion   focus;

  preview->source  = g_object_ref (source);
  preview->picture = picture;
  g_set_object (&preview->colours, colours);

  jf_preview_source_get_focus (source, &focus);
  preview->focus.center_x = focus.x + focus.width  / 2.0;
  preview->focus.center_y = focus.y + focus.height / 2.0;

  g_signal_connect_object (source, "changed", G_CALLBACK (on_changed), preview, G_CONNECT_SWAPPED);

  return GTK_WIDGET (preview);
}

/**
 * jf_preview_set_active:
 * @preview: a preview of %JF_PICTURE_AFTER
 * @active:  whether to compute and show it, or the picture before
 */
void
jf_preview_set_active (JfPreview *preview,
                       gboolean   active)
{
  preview->active = active;

  request (preview);
  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

/**
 * jf_preview_set_split:
 * @preview: a preview of %JF_PICTURE_AFTER
 * @split:   where to show the picture before beside it
 */
void
jf_preview_set_split (JfPreview *preview,
                      JfSplit    split)
{
  preview->split = split;

  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

/**
 * jf_preview_show_before:
 * @preview: a preview of %JF_PICTURE_AFTER
 * @before:  whether to show the picture before for now
 */
void
jf_preview_show_before (JfPreview *preview,
                        gboolean   before)
{
  preview->before = before;

  gtk_widget_queue_draw (GTK_WIDGET (preview));
}


/*  private functions  */

static void
jf_preview_class_init (JfPreviewClass *klass)
{
  GObjectClass   *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose      = jf_preview_dispose;
  object_class->set_property = jf_preview_set_property;
  object_class->get_property = jf_preview_get_property;

  widget_class->size_allocate        = jf_preview_size_allocate;
  widget_class->draw                 = jf_preview_draw;
  widget_class->button_press_event   = jf_preview_button;
  widget_class->button_release_event = jf_preview_button;
  widget_class->motion_notify_event  = jf_preview_motion;
  widget_class->scroll_event         = jf_preview_scroll;
  widget_class->key_press_event      = jf_preview_key;
  widget_class->key_release_event    = jf_preview_key;
  widget_class->focus_out_event      = jf_preview_focus_out;

  g_object_class_install_property (object_class, PROP_CENTER_X,
                                   g_param_spec_double ("center-x", NULL, NULL, 0.0, G_MAXDOUBLE, 0.0,
                                                        GIMP_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY));
  g_object_class_install_property (object_class, PROP_CENTER_Y,
                                   g_param_spec_double ("center-y", NULL, NULL, 0.0, G_MAXDOUBLE, 0.0,
                                                        GIMP_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY));
  g_object_class_install_property (object_class, PROP_ZOOM,
                                   g_param_spec_double ("zoom", NULL, NULL, JF_VIEW_FIT, G_MAXDOUBLE, 1.0,
                                                        GIMP_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY));

  g_object_class_override_property (object_class, PROP_HADJUSTMENT,    "hadjustment");
  g_object_class_override_property (object_class, PROP_VADJUSTMENT,    "vadjustment");
  g_object_class_override_property (object_class, PROP_HSCROLL_POLICY, "hscroll-policy");
  g_object_class_override_property (object_class, PROP_VSCROLL_POLICY, "vscroll-policy");
}

static void
jf_preview_init (JfPreview *preview)
{
  GtkWidget *widget = GTK_WIDGET (preview);

  preview->active     = TRUE;
  preview->focus.zoom = 1.0;
  preview->divider    = 0.5;

  gtk_widget_set_can_focus (widget, TRUE);
  gtk_widget_add_events (widget, GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK | GDK_POINTER_MOTION_MASK |
                                 GDK_SCROLL_MASK | GDK_SMOOTH_SCROLL_MASK | GDK_KEY_PRESS_MASK |
                                 GDK_KEY_RELEASE_MASK | GDK_FOCUS_CHANGE_MASK);

  g_signal_connect (preview, "notify::scale-factor", G_CALLBACK (on_resized), NULL);
}

static void
jf_preview_dispose (GObject *object)
{
  JfPreview *preview = JF_PREVIEW (object);

  forget_surfaces (preview);
  set_adjustment (preview, 0, NULL);
  set_adjustment (preview, 1, NULL);
  g_clear_object (&preview->source);
  g_clear_object (&preview->colours);

  G_OBJECT_CLASS (jf_preview_parent_class)->dispose (object);
}

static void
jf_preview_set_property (GObject      *object,
                         guint         property_id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  JfPreview *preview = JF_PREVIEW (object);

  switch (property_id)
    {
    case PROP_CENTER_X:
      move_focus (preview, g_value_get_double (value), preview->focus.center_y);
      break;
    case PROP_CENTER_Y:
      move_focus (preview, preview->focus.center_x, g_value_get_double (value));
      break;
    case PROP_ZOOM:
      zoom_at (preview, g_value_get_double (value), 0.0, 0.0);
      break;
    case PROP_HADJUSTMENT:
      set_adjustment (preview, 0, g_value_get_object (value));
      break;
    case PROP_VADJUSTMENT:
      set_adjustment (preview, 1, g_value_get_object (value));
      break;
    default:     /* the preview takes any size: policies mean nothing */
      break;
    }
}

static void
jf_preview_get_property (GObject    *object,
                         guint       property_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  JfPreview *preview = JF_PREVIEW (object);

  switch (property_id)
    {
    case PROP_CENTER_X:
      g_value_set_double (value, preview->focus.center_x);
      break;
    case PROP_CENTER_Y:
      g_value_set_double (value, preview->focus.center_y);
      break;
    case PROP_ZOOM:
      g_value_set_double (value, preview->focus.zoom);
      break;
    case PROP_HADJUSTMENT:
      g_value_set_object (value, preview->adjustments[0]);
      break;
    case PROP_VADJUSTMENT:
      g_value_set_object (value, preview->adjustments[1]);
      break;
    default:
      g_value_set_enum (value, GTK_SCROLL_MINIMUM);
      break;
    }
}

/*  where the picture lies  */

static void
set_adjustment (JfPreview     *preview,
                int            axis,
                GtkAdjustment *adjustment)
{
  if (preview->adjustments[axis])
    g_signal_handlers_disconnect_by_data (preview->adjustments[axis], preview);

  g_set_object (&preview->adjustments[axis], adjustment);

  if (! adjustment)
    return;

  g_signal_connect_swapped (adjustment, "value-changed", G_CALLBACK (follow_adjustments), preview);
  configure_adjustments (preview);
}

static void
configure_adjustments (JfPreview *preview)
{
  GtkWidget    *widget     = GTK_WIDGET (preview);
  double        scale      = preview->view.scale / gtk_widget_get_scale_factor (widget);
  const double  centers[2] = { preview->focus.center_x, preview->focus.center_y };
  const int     windows[2] = { gtk_widget_get_allocated_width (widget), gtk_widget_get_allocated_height (widget) };
  int           sizes[2];

  if (! preview->allocated)
    return;

  jf_preview_source_get_size (preview->source, &sizes[0], &sizes[1]);
  preview->adjusting = TRUE;

  for (int i = 0; i < 2; i++)
    {
      double page = MIN (windows[i] / scale, sizes[i]);

      if (preview->adjustments[i])
        gtk_adjustment_configure (preview->adjustments[i], centers[i] - page / 2.0, 0.0, sizes[i],
                                  STEP * page, page, page);
    }

  preview->adjusting = FALSE;
}

static void
follow_adjustments (JfPreview *preview)
{
  GtkAdjustment **adjustments = preview->adjustments;

  if (preview->adjusting || ! adjustments[0] || ! adjustments[1])
    return;

  move_focus (preview,
              gtk_adjustment_get_value (adjustments[0]) + gtk_adjustment_get_page_size (adjustments[0]) / 2.0,
              gtk_adjustment_get_value (adjustments[1]) + gtk_adjustment_get_page_size (adjustments[1]) / 2.0);
}

/* Looks elsewhere, or at the same in another window. */
static void
set_focus (JfPreview *preview,
           JfFocus    focus)
{
  GObject *object = G_OBJECT (preview);
  JfFocus  before = preview->focus;

  preview->focus = focus;
  update_view (preview);

  g_object_freeze_notify (object);
  if (preview->focus.center_x != before.center_x)
    g_object_notify (object, "center-x");
  if (preview->focus.center_y != before.center_y)
    g_object_notify (object, "center-y");
  if (preview->focus.zoom != before.zoom)
    g_object_notify (object, "zoom");
  g_object_thaw_notify (object);
}

static void
update_view (JfPreview *preview)
{
  GtkWidget *widget = GTK_WIDGET (preview);
  int        factor = gtk_widget_get_scale_factor (widget);
  int        width, height;

  if (! preview->allocated)
    return;

  jf_preview_source_get_size (preview->source, &width, &height);
  jf_view_init (&preview->view, &preview->focus, width, height,
                gtk_widget_get_allocated_width (widget) * factor, gtk_widget_get_allocated_height (widget) * factor);

  forget_surfaces (preview);
  configure_adjustments (preview);
  request (preview);
  gtk_widget_queue_draw (widget);
}

static void
jf_preview_size_allocate (GtkWidget     *widget,
                          GtkAllocation *allocation)
{
  GTK_WIDGET_CLASS (jf_preview_parent_class)->size_allocate (widget, allocation);

  JF_PREVIEW (widget)->allocated = TRUE;
  on_resized (JF_PREVIEW (widget));
}

static void
on_resized (JfPreview *preview)
{
  set_focus (preview, preview->focus);
}

static void
move_focus (JfPreview *preview,
            double     center_x,
            double     center_y)
{
  if (center_x != preview->focus.center_x || center_y != preview->focus.center_y)
    set_focus (preview, (JfFocus) { center_x, center_y, preview->focus.zoom });
}

static void
pan (JfPreview *preview,
     int        x_steps,
     int        y_steps)
{
  const JfRegion *visible = &preview->view.visible;

  move_focus (preview,
              preview->focus.center_x + x_steps * STEP * visible->width,
              preview->focus.center_y + y_steps * STEP * visible->height);
}

/* What lies @x, @y pixels of the screen away from the middle stays where it is. */
static void
zoom_at (JfPreview *preview,
         double     zoom,
         double     x,
         double     y)
{
  const JfFocus *focus = &preview->focus;
  double         scale = preview->view.scale;
  double         moved = zoom > 0.0 && scale > 0.0 ? 1.0 / scale - 1.0 / zoom : 0.0;

  if (zoom != focus->zoom)
    set_focus (preview, (JfFocus) { focus->center_x + x * moved, focus->center_y + y * moved, zoom });
}

/*  pixels  */

static void
forget_surfaces (JfPreview *preview)
{
  for (guint i = 0; i < G_N_ELEMENTS (preview->surfaces); i++)
    g_clear_pointer (&preview->surfaces[i], cairo_surface_destroy);
}

static void
request (JfPreview *preview)
{
  if (preview->picture != JF_PICTURE_AFTER || ! preview->allocated)
    return;

  jf_preview_source_request (preview->source, preview->active ? &preview->view.visible : NULL);
}

static void
on_changed (JfPreview      *preview,
            int             picture,
            const JfRegion *region)
{
  const JfRegion *visible = &preview->view.visible;
  int             shrink  = preview->view.shrink;
  GdkRectangle    part;

  if (! preview->surfaces[picture] ||
      ! gdk_rectangle_intersect (&(GdkRectangle) { visible->x, visible->y, visible->width, visible->height },
                                 &(GdkRectangle) { region->x, region->y, region->width, region->height }, &part))
    return;

  /* To whole means. */
  part.width  += part.x % shrink;
  part.height += part.y % shrink;
  part.x      -= part.x % shrink;
  part.y      -= part.y % shrink;
  part.width   = MIN ((part.width  + shrink - 1) / shrink * shrink, visible->x + visible->width  - part.x);
  part.height  = MIN ((part.height + shrink - 1) / shrink * shrink, visible->y + visible->height - part.y);

  read_pixels (preview, picture, &(JfRegion) { part.x, part.y, part.width, part.height });
  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

static cairo_surface_t *
get_surface (JfPreview *preview,
             JfPicture  picture)
{
  const JfRegion *visible = &preview->view.visible;
  int             shrink  = preview->view.shrink;

  if (! preview->surfaces[picture])
    {
      preview->surfaces[picture] = cairo_image_surface_create (CAIRO_FORMAT_ARGB32,
                                                               (visible->width  + shrink - 1) / shrink,
                                                               (visible->height + shrink - 1) / shrink);
      read_pixels (preview, picture, visible);
    }

  return preview->surfaces[picture];
}

/* Colours go the way that they go in GIMP's windows: from the image's profile to the screen's, as the user has set it up. */
static void
read_pixels (JfPreview      *preview,
             JfPicture       picture,
             const JfRegion *region)
{
  GimpColorProfile   *profile;
  const Babl         *format    = jf_preview_source_get_format (preview->source, &profile);
  const Babl         *codes     = babl_format ("R'G'B'A u8");
  cairo_surface_t    *surface   = preview->surfaces[picture];
  int                 shrink    = preview->view.shrink;
  int                 width     = (region->width  + shrink - 1) / shrink;
  int                 height    = (region->height + shrink - 1) / shrink;
  gsize               n_pixels  = (gsize) width * height;
  int                 stride    = cairo_image_surface_get_stride (surface);
  g_autofree float   *values    = g_new (float, n_pixels * 4);
  g_autofree guchar  *pixels    = g_malloc (n_pixels * 4);
  GimpColorTransform *transform = gimp_widget_get_color_transform (GTK_WIDGET (preview), preview->colours, profile, format,
                                                                   codes, NULL,
                                                                   GIMP_COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC,
                                                                   FALSE);
  guchar             *to;

  jf_preview_source_read (preview->source, picture, region, shrink, values);

  /* There is none between equal profiles, and where the user wants none. */
  if (transform)
    gimp_color_transform_process_pixels (transform, format, values, codes, pixels, n_pixels);
  else
    babl_process (babl_fish (format, babl_format_with_space ("R'G'B'A u8", format)), values, pixels, (glong) n_pixels);

  cairo_surface_flush (surface);
  to = cairo_image_surface_get_data (surface) + (region->y - preview->view.visible.y) / shrink * stride +
       (region->x - preview->view.visible.x) / shrink * 4;
  babl_process_rows (babl_fish (codes, babl_format ("cairo-ARGB32")), pixels, width * 4, to, stride, width, height);
  cairo_surface_mark_dirty (surface);
  g_clear_object (&transform);
}

/*  drawing  */

static gboolean
jf_preview_draw (GtkWidget *widget,
                 cairo_t   *cr)
{
  JfPreview       *preview = JF_PREVIEW (widget);
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  int              width   = gtk_widget_get_allocated_width (widget);
  int              height  = gtk_widget_get_allocated_height (widget);

  gtk_render_background (context, cr, 0, 0, width, height);

  if (is_split (preview))
    draw_split (preview, cr);
  else if (preview->picture == JF_PICTURE_AFTER && (preview->before || ! preview->active))
    draw_picture (preview, cr, JF_PICTURE_BEFORE);
  else
    draw_picture (preview, cr, preview->picture);

  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (context, cr, 0, 0, width, height);

  return FALSE;
}

static void
draw_picture (JfPreview *preview,
              cairo_t   *cr,
              JfPicture  picture)
{
  const JfView    *view   = &preview->view;
  cairo_pattern_t *checks = get_checks (cr);
  double           pixel  = 1.0 / gtk_widget_get_scale_factor (GTK_WIDGET (preview));
  double           scale  = view->scale * view->shrink;

  cairo_save (cr);

  cairo_scale (cr, pixel, pixel);
  cairo_translate (cr, view->x, view->y);
  cairo_rectangle (cr, 0, 0, view->width, view->height);
  cairo_clip (cr);
  cairo_set_source (cr, checks);
  cairo_paint (cr);

  cairo_translate (cr, view->visible.x * view->scale, view->visible.y * view->scale);
  cairo_scale (cr, scale, scale);
  cairo_set_source_surface (cr, get_surface (preview, picture), 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr),
                            scale == floor (scale) ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);

  cairo_restore (cr);
  cairo_pattern_destroy (checks);
}

/* As the user has them in GIMP. */
static cairo_pattern_t *
get_checks (cairo_t *cr)
{
  GeglColor       *light = gegl_color_duplicate (GEGL_COLOR (gimp_check_custom_color1 ()));
  GeglColor       *dark  = gegl_color_duplicate (GEGL_COLOR (gimp_check_custom_color2 ()));
  cairo_pattern_t *checks;

  gimp_checks_get_colors (gimp_check_type (), &light, &dark);
  checks = gimp_cairo_checkerboard_create (cr, GIMP_CHECK_SIZE, light, dark);
  g_object_unref (light);
  g_object_unref (dark);

  return checks;
}

static void
draw_split (JfPreview *preview,
            cairo_t   *cr)
{
  double   width    = gtk_widget_get_allocated_width  (GTK_WIDGET (preview));
  double   height   = gtk_widget_get_allocated_height (GTK_WIDGET (preview));
  double   position = get_divider_position (preview);
  gboolean left     = preview->split == JF_SPLIT_LEFT;

  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, left ? position : width, left ? height : position);
  cairo_clip (cr);
  draw_picture (preview, cr, JF_PICTURE_BEFORE);
  draw_label (preview, cr, _("Before"), 0.0, 0.0);
  cairo_restore (cr);

  cairo_save (cr);
  cairo_rectangle (cr, left ? position : 0, left ? 0 : position, width, height);
  cairo_clip (cr);
  draw_picture (preview, cr, JF_PICTURE_AFTER);
  draw_label (preview, cr, _("After"), left ? 1.0 : 0.0, left ? 0.0 : 1.0);
  cairo_restore (cr);

  draw_divider (preview, cr);
}

/* Drawn as if it stood upright; for one that lies x and y change places. */
static void
draw_divider (JfPreview *preview,
              cairo_t   *cr)
{
  cairo_matrix_t swap     = { .xy = 1.0, .yx = 1.0 };
  gboolean       left     = preview->split == JF_SPLIT_LEFT;
  double         position = floor (get_divider_position (preview)) + 0.5;
  double         length   = left ? gtk_widget_get_allocated_height (GTK_WIDGET (preview))
                                 : gtk_widget_get_allocated_width  (GTK_WIDGET (preview));

  cairo_save (cr);
  if (! left)
    cairo_transform (cr, &swap);

  cairo_move_to (cr, position, 0.0);
  cairo_line_to (cr, position, length);
  stroke (cr);

  cairo_arc (cr, position, length / 2.0, GRIP_RADIUS, 0.0, 2.0 * G_PI);
  cairo_set_source_rgba (cr, DARK);
  cairo_fill_preserve (cr);
  stroke (cr);

  for (int side = -1; side <= 1; side += 2)
    {
      cairo_move_to (cr, position + side * GRIP_RADIUS * 0.3, length / 2.0 - GRIP_RADIUS * 0.35);
      cairo_rel_line_to (cr, side * GRIP_RADIUS * 0.35, GRIP_RADIUS * 0.35);
      cairo_rel_line_to (cr, side * GRIP_RADIUS * -0.35, GRIP_RADIUS * 0.35);
    }

  stroke (cr);
  cairo_restore (cr);
}

static void
stroke (cairo_t *cr)
{
  cairo_set_line_width (cr, 3.0);
  cairo_set_source_rgba (cr, DARK);
  cairo_stroke_preserve (cr);
  cairo_set_line_width (cr, 1.0);
  cairo_set_source_rgba (cr, LIGHT);
  cairo_stroke (cr);
}

/* In a corner of the window, 0 is left or top, 1 right or bottom. */
static void
draw_label (JfPreview  *preview,
            cairo_t    *cr,
            const char *text,
            double      x_share,
            double      y_share)
{
  GtkWidget               *widget = GTK_WIDGET (preview);
  g_autoptr (PangoLayout)  layout = gtk_widget_create_pango_layout (widget, text);
  int                      text_width, text_height;
  double                   x, y, width, height;

  pango_layout_get_pixel_size (layout, &text_width, &text_height);
  width  = text_width  + 2.0 * LABEL_PADDING;
  height = text_height + 2.0 * LABEL_PADDING;
  x      = LABEL_MARGIN + x_share * (gtk_widget_get_allocated_width  (widget) - width  - 2.0 * LABEL_MARGIN);
  y      = LABEL_MARGIN + y_share * (gtk_widget_get_allocated_height (widget) - height - 2.0 * LABEL_MARGIN);

  cairo_rectangle (cr, round (x), round (y), width, height);
  cairo_set_source_rgba (cr, DARK);
  cairo_fill (cr);

  cairo_move_to (cr, round (x) + LABEL_PADDING, round (y) + LABEL_PADDING);
  cairo_set_source_rgba (cr, LIGHT);
  pango_cairo_show_layout (cr, layout);
}

/*  the divider  */

static gboolean
is_split (JfPreview *preview)
{
  return preview->split != JF_SPLIT_NONE && preview->active && ! preview->before;
}

static double
get_divider_position (JfPreview *preview)
{
  if (preview->split == JF_SPLIT_LEFT)
    return preview->divider * gtk_widget_get_allocated_width (GTK_WIDGET (preview));

  return preview->divider * gtk_widget_get_allocated_height (GTK_WIDGET (preview));
}

static gboolean
is_at_divider (JfPreview *preview,
               double     x,
               double     y)
{
  double distance = (preview->split == JF_SPLIT_LEFT ? x : y) - get_divider_position (preview);

  return is_split (preview) && fabs (distance) <= GRAB_DISTANCE;
}

static void
set_divider (JfPreview *preview,
             double     divider)
{
  preview->divider = CLAMP (divider, 0.0, 1.0);

  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

/*  the user  */

static void
set_cursor (JfPreview  *preview,
            const char *name)
{
  GdkWindow            *window = gtk_widget_get_window (GTK_WIDGET (preview));
  g_autoptr (GdkCursor) cursor = gdk_cursor_new_from_name (gdk_window_get_display (window), name);

  gdk_window_set_cursor (window, cursor);
}

static void
choose_cursor (JfPreview *preview,
               double     x,
               double     y)
{
  if (preview->drag == DRAG_DIVIDER || (preview->drag == DRAG_NOTHING && is_at_divider (preview, x, y)))
    set_cursor (preview, preview->split == JF_SPLIT_LEFT ? "col-resize" : "row-resize");
  else
    set_cursor (preview, preview->drag == DRAG_PICTURE ? "grabbing" : "grab");
}

static gboolean
jf_preview_button (GtkWidget      *widget,
                   GdkEventButton *event)
{
  JfPreview *preview = JF_PREVIEW (widget);

  if (event->button != GDK_BUTTON_PRIMARY && event->button != GDK_BUTTON_MIDDLE)
    return GDK_EVENT_PROPAGATE;

  preview->drag = DRAG_NOTHING;

  if (event->type == GDK_BUTTON_PRESS)
    {
      gtk_widget_grab_focus (widget);
      preview->drag       = is_at_divider (preview, event->x, event->y) ? DRAG_DIVIDER : DRAG_PICTURE;
      preview->drag_x     = event->x;
      preview->drag_y     = event->y;
      preview->drag_focus = preview->focus;
    }

  choose_cursor (preview, event->x, event->y);

  return GDK_EVENT_STOP;
}

static gboolean
jf_preview_motion (GtkWidget      *widget,
                   GdkEventMotion *event)
{
  JfPreview *preview = JF_PREVIEW (widget);
  double     scale   = preview->view.scale / gtk_widget_get_scale_factor (widget);

  if (preview->drag == DRAG_PICTURE)
    move_focus (preview,
                preview->drag_focus.center_x - (event->x - preview->drag_x) / scale,
                preview->drag_focus.center_y - (event->y - preview->drag_y) / scale);
  else if (preview->drag == DRAG_DIVIDER && preview->split == JF_SPLIT_LEFT)
    set_divider (preview, event->x / gtk_widget_get_allocated_width (widget));
  else if (preview->drag == DRAG_DIVIDER)
    set_divider (preview, event->y / gtk_widget_get_allocated_height (widget));

  choose_cursor (preview, event->x, event->y);

  return GDK_EVENT_STOP;
}

/* With Ctrl the wheel zooms; otherwise the scrolled window around the preview scrolls. */
static gboolean
jf_preview_scroll (GtkWidget      *widget,
                   GdkEventScroll *event)
{
  JfPreview *preview = JF_PREVIEW (widget);
  int        factor  = gtk_widget_get_scale_factor (widget);
  double     x       = event->x - gtk_widget_get_allocated_width  (widget) / 2.0;
  double     y       = event->y - gtk_widget_get_allocated_height (widget) / 2.0;
  double     delta   = event->delta_y;

  if (! (event->state & GDK_CONTROL_MASK))
    return GDK_EVENT_PROPAGATE;

  if (event->direction == GDK_SCROLL_UP)
    delta = -1.0;
  else if (event->direction == GDK_SCROLL_DOWN)
    delta = 1.0;

  if (delta != 0.0)
    zoom_at (preview, jf_view_step_zoom (&preview->view, delta < 0.0 ? 1 : -1), x * factor, y * factor);

  return GDK_EVENT_STOP;
}

static gboolean
jf_preview_key (GtkWidget   *widget,
                GdkEventKey *event)
{
  JfPreview *preview = JF_PREVIEW (widget);
  gboolean   pressed = event->type == GDK_KEY_PRESS;

  if (event->keyval == GDK_KEY_space)
    jf_preview_show_before (preview, pressed);
  else if (! pressed || ! use_key (preview, event->keyval, event->state & GDK_CONTROL_MASK))
    return GDK_EVENT_PROPAGATE;

  return GDK_EVENT_STOP;
}

/* The key may be released elsewhere. */
static gboolean
jf_preview_focus_out (GtkWidget     *widget,
                      GdkEventFocus *event)
{
  jf_preview_show_before (JF_PREVIEW (widget), FALSE);

  return GTK_WIDGET_CLASS (jf_preview_parent_class)->focus_out_event (widget, event);
}

static gboolean
use_key (JfPreview *preview,
         guint      key,
         gboolean   control)
{
  switch (key)
    {
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
      zoom_at (preview, jf_view_step_zoom (&preview->view, 1), 0.0, 0.0);
      return TRUE;

    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      zoom_at (preview, jf_view_step_zoom (&preview->view, -1), 0.0, 0.0);
      return TRUE;

    case GDK_KEY_1:
    case GDK_KEY_KP_1:
      zoom_at (preview, 1.0, 0.0, 0.0);
      return TRUE;

    case GDK_KEY_0:
    case GDK_KEY_KP_0:
      zoom_at (preview, JF_VIEW_FIT, 0.0, 0.0);
      return TRUE;

    default:
      return use_arrow (preview, key, control);
    }
}

/* With Ctrl the arrows move the divider. */
static gboolean
use_arrow (JfPreview *preview,
           guint      key,
           gboolean   control)
{
  int x = (key == GDK_KEY_Right || key == GDK_KEY_KP_Right) - (key == GDK_KEY_Left || key == GDK_KEY_KP_Left);
  int y = (key == GDK_KEY_Down  || key == GDK_KEY_KP_Down)  - (key == GDK_KEY_Up   || key == GDK_KEY_KP_Up);

  if (x == 0 && y == 0)
    return FALSE;

  if (control)
    set_divider (preview, preview->divider + (x + y) * DIVIDER_STEP);
  else
    pan (preview, x, y);

  return TRUE;
}
