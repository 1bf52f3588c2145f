/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-view: where a picture lies in a window on it
 */
#include "view.h"


static void
test_smaller_pictures_are_in_the_middle (void)
{
  JfFocus focus = { 0.0, 0.0, 1.0 };
  JfView  view;

  jf_view_init (&view, &focus, 100, 50, 480, 361);

  g_assert_cmpint (view.x, ==, 190);
  g_assert_cmpint (view.y, ==, 156);
  g_assert_cmpfloat (focus.center_x, ==, 50.0);
  g_assert_cmpint (view.visible.x, ==, 0);
  g_assert_cmpint (view.visible.width, ==, 100);
  g_assert_cmpint (view.visible.height, ==, 50);
}

static void
test_windows_are_filled (void)
{
  JfFocus focus = { 10.0, 999.0, 1.0 };
  JfView  view;

  jf_view_init (&view, &focus, 1000, 1000, 480, 360);

  g_assert_cmpfloat (focus.center_x, ==, 240.0);
  g_assert_cmpfloat (focus.center_y, ==, 820.0);
  g_assert_cmpint (view.visible.x, ==, 0);
  g_assert_cmpint (view.visible.y, ==, 640);
  g_assert_cmpint (view.visible.width, ==, 480);
  g_assert_cmpint (view.visible.height, ==, 360);
}

/* Means begin at whole means, wherever the window is. */
static void
test_shrunk_pictures (void)
{
  JfFocus focus = { 501.0, 499.0, 0.25 };
  JfView  view;

  jf_view_init (&view, &focus, 4001, 4001, 100, 100);

  g_assert_cmpint (view.shrink, ==, 4);
  g_assert_cmpint (view.visible.x % 4, ==, 0);
  g_assert_cmpint (view.visible.y % 4, ==, 0);
  g_assert_cmpint (view.x + view.visible.x / 4, <=, 0);
  g_assert_cmpint (view.x + (view.visible.x + view.visible.width + 3) / 4, >=, 100);
}

static void
test_the_whole_picture (void)
{
  JfFocus focus = { 0.0, 0.0, JF_VIEW_FIT };
  JfView  view;

  jf_view_init (&view, &focus, 6000, 4000, 480, 360);

  g_assert_cmpfloat (view.scale, ==, 0.08);
  g_assert_cmpint (view.shrink, ==, 12);
  g_assert_cmpint (view.width, ==, 480);
  g_assert_cmpint (view.visible.width, ==, 6000);
  g_assert_cmpint (view.visible.height, ==, 4000);
}

static void
test_steps (void)
{
  JfView view = { .scale = 1.0 };

  g_assert_cmpfloat (jf_view_step_zoom (&view, 1), ==, 2.0);
  g_assert_cmpfloat (jf_view_step_zoom (&view, -1), ==, 0.5);
  g_assert_cmpfloat (jf_view_step_zoom (&view, 9), ==, 4.0);
  g_assert_cmpfloat (jf_view_step_zoom (&view, -9), ==, 0.125);

  view.scale = 0.7;
  g_assert_cmpfloat (jf_view_step_zoom (&view, 1), ==, 1.0);
  g_assert_cmpfloat (jf_view_step_zoom (&view, -1), ==, 0.5);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/view/smaller-pictures-are-in-the-middle", test_smaller_pictures_are_in_the_middle);
  g_test_add_func ("/view/windows-are-filled", test_windows_are_filled);
  g_test_add_func ("/view/shrunk-pictures", test_shrunk_pictures);
  g_test_add_func ("/view/the-whole-picture", test_the_whole_picture);
  g_test_add_func ("/view/steps", test_steps);

  return g_test_run ();
}
