# SPDX-License-Identifier: GPL-3.0-or-later
"""layers that differ, selections, outputs"""

import math
import time
import unittest

import numpy
from gi.repository import Gio

from support import *


def pair (image=None, **target_arguments):
    image = image or new_image ()
    guidance = add_layer (image, 'guide', 2)
    return image, add_layer (image, 'target', 1, **target_arguments), guidance


def place (guidance, target):
    """The planes of a guidance at the target's place, its edge repeated."""
    width, height = guidance.get_width (), guidance.get_height ()
    gx, gy = guidance.get_offsets ()[1:]
    tx, ty = target.get_offsets ()[1:]
    colour = planes (guidance)[0]
    return array.array ('f', [colour[c * width * height + min (max (y + ty - gy, 0), height - 1) * width +
                                     min (max (x + tx - gx, 0), width - 1)]
                              for c in range (len (colour) // (width * height))
                              for y in range (target.get_height ()) for x in range (target.get_width ())])


def check_placed (guidance_size, guidance_offset, target_size, target_offset):
    image = new_image ()
    guidance = add_layer (image, 'guide', 2, size=guidance_size, offset=guidance_offset)
    target = add_layer (image, 'target', 1, size=target_size, offset=target_offset)
    expected = apply (planes (target)[0], place (guidance, target), *target_size)
    run (image, [target], guidance)
    check_near (planes (target)[0], expected)


def inside (drawable, x, y, width, height):
    return read (drawable, rectangle=Gegl.Rectangle.new (x, y, width, height))


@case
def guidance_at_an_offset ():
    check_placed ((30, 25), (-3, -2), (20, 15), (2, 5))


@case
def guidance_that_covers_a_part ():
    check_placed ((16, 14), (4, 2), (24, 17), (0, 0))


@case
def guidance_that_covers_little_is_told ():
    expect_message ('The guidance layer “guide” covers only 12% of the part of “target” to filter; beyond it, '
                    'its edge is used. Are the layers aligned?')
    check_placed ((7, 7), (2, 3), (20, 20), (0, 0))


@case
def selection_changes_what_is_inside_only ():
    image, target, guidance = pair ()
    copy = target.copy ()
    image.insert_layer (copy, None, 0)
    before = inside (target, 0, 0, 24, 5)
    run (image, [copy], guidance)
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 7, 5, 11, 9)
    run (image, [target], guidance)
    area = (7, 5, 11, 9)
    check (distance (array.array ('f', inside (target, *area)), array.array ('f', inside (copy, *area))) < 1e-5)
    check (inside (target, 0, 0, 24, 5) == before, 'changed above the selection')
    for outside in (0, 5, 7, 12), (18, 5, 6, 12), (0, 14, 24, 3):
        check (inside (target, *outside) != inside (copy, *outside), f'changed at {outside}')


@case
def selection_is_in_coordinates_of_the_image ():
    image = new_image ()
    guidance = add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', 1, size=(12, 9), offset=(6, 4))
    before = planes (target)[0]
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 0, 0, 10, 6)
    expected = apply (before, place (guidance, target), 12, 9)
    run (image, [target], guidance)
    for i, value in enumerate (planes (target)[0]):
        x, y = i % 12, i // 12 % 9
        check (abs (value - (expected if x < 4 and y < 2 else before)[i]) <= 1e-4, f'at {x}, {y}')


@case
def values_outside_the_usual_range_survive ():
    image, target, guidance = pair (low=-1.0, high=3.0)
    before = planes (target)[0]
    expected = expect (target, guidance)
    check (min (expected) < -0.5 and max (expected) > 2.5)
    run (image, [target], guidance)
    check_near (planes (target)[0], expected, 1e-3)


@case
def other_primaries_are_kept ():
    # Adobe RGB; "non-linear" has the profile's own curve, a gamma of 2.19921875.
    curves = {'FLOAT_LINEAR': encode, 'FLOAT_PERCEPTUAL': lambda v: v,
              'FLOAT_NON_LINEAR': lambda v: encode (v ** 2.19921875)}
    for precision, curve in curves.items ():
        image = new_image (precision=getattr (Gimp.Precision, precision))
        image.set_color_profile (Gimp.ColorProfile.new_rgb_adobe ())
        image, target, guidance = pair (image, low=0.2, high=0.8)
        values = [array.array ('f', [curve (v) for c in range (3) for v in native (layer)[c::3]])
                  for layer in (target, guidance)]
        expected = apply (*values, 24, 17)
        run (image, [target], guidance)
        result = [curve (max (v, 0.0)) for c in range (3) for v in native (target)[c::3]]
        check_near (result, [max (v, 0.0) for v in expected], 1e-3)


@case
def strength_scales_the_change ():
    image, target, guidance = pair ()
    before, full = planes (target)[0], expect (target, guidance)
    run (image, [target], guidance, strength=0.25)
    check_near (planes (target)[0], [a + 0.25 * (b - a) for a, b in zip (before, full)])


@case
def strength_of_zero_changes_nothing ():
    image, target, guidance = pair ()
    before = planes (target)[0]
    run (image, [target], guidance, strength=0.0)
    check_near (planes (target)[0], before, 1e-6)


@case
def noise_level_of_zero_is_estimated ():
    image = new_image (64, 64)
    guidance = add_layer (image, 'guide', 2)
    target = add_layer (image, 'target')
    source = random.Random (3)
    fill (target, array.array ('f', [0.5 + source.gauss (0, 0.1) for i in range (64 * 64 * 4)]))
    colours = [planes (layer)[0] for layer in (target, guidance)]
    run (image, [target], guidance, noise_level=0.0)
    right, wrong = (distance (planes (target)[0], apply (*colours, 64, 64, level)) for level in (0.1, 0.05))
    check (right < wrong / 4, f'{right} from the right level, {wrong} from half of it')


@case
def noise_is_estimated_where_the_target_is_visible ():
    image = new_image (128, 64)
    guidance = add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', alpha=True)
    source = random.Random (3)
    values = array.array ('f', [0.5 + source.gauss (0, 0.1) if i % 512 < 128 else 0.0 for i in range (128 * 64 * 4)])
    for i in range (3, len (values), 4):
        values[i] = 1.0 if i % 512 < 128 else 0.0
    buffer = target.get_buffer ()
    buffer.set (whole (target), "R'G'B'A float", values.tobytes ())
    buffer.flush ()
    colours = [planes (layer)[0] for layer in (target, guidance)]
    run (image, [target], guidance, noise_level=0.0)
    visible = [i for i in range (128 * 64 * 3) if i % 128 < 32]
    result = planes (target)[0]
    right, wrong = (distance ([result[i] for i in visible], [expected[i] for i in visible])
                    for expected in (apply (*colours, 128, 64, level) for level in (0.1, 0.05)))
    check (right < wrong / 4, f'{right} from the right level, {wrong} from half of it')


def grey_noise (n_pixels, level):
    """The same in three channels."""
    source = random.Random (3)
    return array.array ('f', [value for i in range (n_pixels) for value in [0.5 + source.gauss (0, level)] * 4])


@case
def noise_that_channels_share_is_told ():
    image = new_image (64, 64)
    guidance = add_layer (image, 'guide', 2)
    excess = math.sqrt (3) - 1
    with model_file (save_excess_model):
        for told, level in (0.0, 0.1), (0.2, 0.2):
            target = add_layer (image, 'target')
            fill (target, grey_noise (64 * 64, 0.1))
            colours = [planes (layer)[0] for layer in (target, guidance)]
            run (image, [target], guidance, noise_level=told)
            right, wrong = (distance (planes (target)[0], apply (*colours, 64, 64, *noise))
                            for noise in ((level, excess * level), (level, 0.0)))
            check (right < wrong / 4, f'{right} from the right excess, {wrong} from none')


@case
def several_layers_at_once ():
    image, target, guidance = pair ()
    other = add_layer (image, 'other', 3, size=(9, 13), offset=(5, 1))
    expected = expect (target, guidance), apply (planes (other)[0], place (guidance, other), 9, 13)
    run (image, [target, other], guidance)
    for layer, values in zip ((target, other), expected):
        check_near (planes (layer)[0], values)


@case
def one_pixel ():
    check_placed ((1, 1), (0, 0), (1, 1), (0, 0))


@case
def new_layer_lies_above_and_looks_alike ():
    image = new_image ()
    image, target, guidance = pair (image, alpha=True)
    target.set_offsets (1, 2)
    target.set_opacity (40)
    target.set_mode (Gimp.LayerMode.SCREEN)
    target.add_mask (target.create_mask (Gimp.AddMaskType.BLACK))
    add_layer (image, 'top', 3)
    before, alpha = planes (target)
    expected = apply (before, place (guidance, target), 24, 17)
    run (image, [target], guidance, output='new-layer')
    top, result, original, bottom = image.get_layers ()
    check ([layer.get_name () for layer in image.get_layers ()] == ['top', 'target filtered', 'target', 'guide'])
    check (planes (original) == (before, alpha), 'the target changed')
    check_near (planes (result)[0], expected)
    check (planes (result)[1] == alpha, 'alpha changed')
    check (result.get_opacity () == 40 and result.get_mode () == Gimp.LayerMode.SCREEN and result.get_mask ())
    check (result.get_offsets ()[1:] == original.get_offsets ()[1:])


@case
def new_layer_of_a_selection_of_a_locked_layer ():
    image, target, guidance = pair ()
    target.set_lock_content (True)
    before, expected = planes (target)[0], expect (target, guidance)
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 0, 0, 10, 17)
    run (image, [target], guidance, output='new-layer')
    for i, value in enumerate (planes (image.get_layers ()[0])[0]):
        check (abs (value - (expected if i % 24 < 10 else before)[i]) <= 1e-4, f'at {i}')


@case
def layers_in_a_group ():
    image = new_image ()
    group = Gimp.GroupLayer.new (image, 'group')
    image.insert_layer (group, None, 0)
    guidance = add_layer (image, 'guide', 2, parent=group)
    target = add_layer (image, 'target', 1, parent=group)
    expected = expect (target, guidance)
    run (image, [target], guidance, output='new-layer')
    check_near (planes (group.get_children ()[0])[0], expected)


@case
def group_as_guidance ():
    image, target, guidance = pair ()
    group = Gimp.GroupLayer.new (image, 'group')
    image.insert_layer (group, None, 0)
    expected = expect (target, guidance)
    image.reorder_item (guidance, group, 0)
    run (image, [target], group)
    check_near (planes (target)[0], expected)


@case
def guidance_is_its_pixels_however_it_is_shown ():
    image, target, guidance = pair ()
    expected = expect (target, guidance)
    guidance.set_visible (False)
    guidance.set_opacity (10)
    guidance.add_mask (guidance.create_mask (Gimp.AddMaskType.BLACK))
    run (image, [target], guidance)
    check_near (planes (target)[0], expected)


@case
def guidance_with_its_effects ():
    image, target, guidance = pair ()
    negative = array.array ('f', [1 - value for value in planes (guidance)[0]])
    expected = apply (planes (target)[0], negative, 24, 17)
    before, images = read (guidance), len (Gimp.get_images ())
    guidance.append_filter (Gimp.DrawableFilter.new (guidance, 'gegl:invert-gamma', 'negative'))
    run (image, [target], guidance)
    check_near (planes (target)[0], expected)
    check (read (guidance) == before and len (guidance.get_filters ()) == 1, 'the guidance changed')
    check (len (Gimp.get_images ()) == images, 'an image was left')


# Effects of layers and groups.

def add_effect (layer, operation, **arguments):
    effect = Gimp.DrawableFilter.new (layer, operation, operation)
    for name, value in arguments.items ():
        effect.get_config ().set_property (name.replace ('_', '-'), value)
    effect.update ()
    layer.append_filter (effect)
    return effect


def add_group (image, parent=None, mode=Gimp.LayerMode.NORMAL):
    group = Gimp.GroupLayer.new (image, 'group')
    image.insert_layer (group, parent, 0)
    group.set_mode (mode)
    return group


def show_alone (image, layer):
    """What GIMP shows where nothing else is visible: [row, column, colour and alpha] of the canvas, sRGB-encoded"""
    copy = image.duplicate ()
    for other in copy.get_layers ():
        other.set_visible (other.get_name () == layer.get_name ())
    shown = Gimp.Layer.new_from_visible (copy, copy, 'shown')
    values = numpy.concatenate (planes (shown)).reshape (-1, image.get_height (), image.get_width ())
    copy.delete ()
    return values.transpose (1, 2, 0)


def place_alone (image, layer, target):
    """What guides a target within the canvas: beyond what is seen of the layer, and the layer itself, edges are repeated;
    what is transparent is the mean of the rest."""
    canvas = show_alone (image, layer)
    x, y = layer.get_offsets ()[1:]
    extent = canvas[..., -1] > 0
    extent[max (y, 0):max (y + layer.get_height (), 0), max (x, 0):max (x + layer.get_width (), 0)] = True
    x, y = target.get_offsets ()[1:]
    rows, columns = (numpy.flatnonzero (extent[y:y + target.get_height (), x:x + target.get_width ()].any (axis))
                     for axis in (1, 0))
    rows = numpy.clip (numpy.arange (target.get_height ()), rows[0], rows[-1]) + y
    columns = numpy.clip (numpy.arange (target.get_width ()), columns[0], columns[-1]) + x
    seen = canvas[numpy.ix_ (rows, columns)]
    colour, alpha = seen[..., :-1], seen[..., -1:]
    mean = (colour * alpha).sum ((0, 1)) / alpha.sum ()
    return array.array ('f', (mean + alpha * (colour - mean)).transpose (2, 0, 1).astype (numpy.float32).tobytes ())


def check_alone (image, layer, target, tolerance=1e-4, **arguments):
    """The layer guides as GIMP shows it, and stays as it is."""
    before, images = show_alone (image, layer), len (Gimp.get_images ())
    expected = apply (planes (target)[0], place_alone (image, layer, target), target.get_width (), target.get_height ())
    if precision_name (target).startswith ('u'):
        expected = [min (max (value, 0.0), 1.0) for value in expected]
    run (image, [target], layer, **arguments)
    check_near (planes (target)[0], expected, tolerance)
    check ((show_alone (image, layer) == before).all (), 'the guidance changed')
    check (len (Gimp.get_images ()) == images, 'an image was left')


EFFECTS = {'gegl:invert-gamma': {}, 'gegl:gaussian-blur': {'std_dev_x': 2.0, 'std_dev_y': 1.0},
           'gegl:dropshadow': {'x': 3.0, 'y': -2.0, 'radius': 1.5}}


@case
def group_guides_with_its_effects ():
    precisions = Gimp.Precision.FLOAT_NON_LINEAR, Gimp.Precision.FLOAT_LINEAR, Gimp.Precision.U16_NON_LINEAR
    for precision in precisions:
        for mode in Gimp.LayerMode.NORMAL, Gimp.LayerMode.PASS_THROUGH:
            for effect, arguments in EFFECTS.items ():
                image = new_image (precision=precision)
                group = add_group (image, mode=mode)
                add_layer (image, 'lower', 2, parent=group)
                add_layer (image, 'upper', 3, alpha=True, parent=group).set_mode (Gimp.LayerMode.MULTIPLY)
                add_effect (group, effect, **arguments)
                check_alone (image, group, add_layer (image, 'target', 1))


@case
def group_guides_with_its_effects_as_GIMP_exports_them ():
    image = new_image (precision=Gimp.Precision.U8_NON_LINEAR)
    group = add_group (image)
    add_layer (image, 'guide', 2, parent=group)
    add_effect (group, 'gegl:gaussian-blur', std_dev_x=2.0)
    file = Gio.File.new_for_path (SCRATCH + '/exported.png')
    Gimp.file_save (Gimp.RunMode.NONINTERACTIVE, image, file, None)
    exported = Gimp.file_load (Gimp.RunMode.NONINTERACTIVE, file)
    target = add_layer (image, 'target', 1)
    expected = expect (target, exported.get_layers ()[0])
    run (image, [target], group)
    check_near (planes (target)[0], [min (max (value, 0.0), 1.0) for value in expected], 0.51 / 255)


@case
def grey_group_guides_with_its_effects ():
    image = new_image (base=Gimp.ImageBaseType.GRAY)
    group = add_group (image)
    add_layer (image, 'guide', 2, parent=group)
    add_effect (group, 'gegl:invert-gamma')
    check_alone (image, group, add_layer (image, 'target', 1))


@case
def group_guides_with_its_effects_in_other_primaries ():
    image = new_image (precision=Gimp.Precision.FLOAT_LINEAR)
    image.set_color_profile (Gimp.ColorProfile.new_rgb_adobe ())
    group = add_group (image)
    add_layer (image, 'guide', 2, low=0.2, high=0.8, parent=group)
    add_effect (group, 'gegl:hue-chroma', hue=90.0)
    check_alone (image, group, add_layer (image, 'target', 1, low=0.2, high=0.8), 1e-3)


@case
def groups_in_groups_guide_with_the_effects_of_all ():
    image = new_image ()
    group = add_group (image)
    inner = add_group (image, group)
    for parent, effect in (add_layer (image, 'guide', 2, parent=inner), 'gegl:invert-gamma'), \
                          (inner, 'gegl:gaussian-blur'), (group, 'gegl:invert-gamma'):
        add_effect (parent, effect)
    check_alone (image, group, add_layer (image, 'target', 1))


@case
def group_that_holds_the_target_guides_with_its_effects ():
    image = new_image ()
    group = add_group (image)
    target = add_layer (image, 'target', 1, parent=group)
    add_layer (image, 'guide', 2, alpha=True, parent=group)
    add_effect (group, 'gegl:invert-gamma')
    expected = apply (planes (target)[0], place_alone (image, group, target), 24, 17)
    run (image, [target], group)
    check_near (planes (target)[0], expected)


@case
def effects_that_are_switched_off_do_not_count ():
    for effected in 'guide', 'group':
        for effect in 'gegl:invert-gamma', 'gegl:dropshadow':
            image = new_image ()
            group = add_group (image)
            guide = add_layer (image, 'guide', 2, parent=group)
            target = add_layer (image, 'target', 1)
            expected = expect (target, guide)
            add_effect (guide if effected == 'guide' else group, effect).set_visible (False)
            run (image, [target], group)
            check_near (planes (target)[0], expected)


@case
def effects_of_a_group_however_it_is_shown ():
    image = new_image ()
    group = add_group (image)
    guide = add_layer (image, 'guide', 2, parent=group)
    target = add_layer (image, 'target', 1)
    add_effect (group, 'gegl:invert-gamma')
    negative = array.array ('f', [1 - value for value in planes (guide)[0]])
    expected = apply (planes (target)[0], negative, 24, 17)
    group.set_opacity (10)
    group.set_mode (Gimp.LayerMode.SCREEN)
    group.set_composite_mode (Gimp.LayerCompositeMode.CLIP_TO_BACKDROP)
    group.add_mask (group.create_mask (Gimp.AddMaskType.BLACK))
    group.set_show_mask (True)
    group.set_visible (False)
    for lock in group.set_lock_content, group.set_lock_position, group.set_lock_visibility, guide.set_lock_position:
        lock (True)
    run (image, [target], group)
    check_near (planes (target)[0], expected)


@case
def effects_beyond_what_is_effected ():
    """A shadow is larger than what casts it, and GIMP would end a plug-in that reads the group of that."""
    shadow = {'x': 4.0, 'y': 3.0, 'radius': 2.0}
    for depth in range (3):
        for alpha in False, True:
            image = new_image (40, 30)
            layer = group = add_group (image) if depth else None
            if depth > 1:
                layer = add_group (image, group)
            guide = add_layer (image, 'guide', 2, alpha=alpha, size=(15, 12), offset=(5, 6), parent=layer)
            add_effect (guide, 'gegl:dropshadow', **shadow)
            check_alone (image, group or guide, add_layer (image, 'target', 1, size=(20, 16), offset=(6, 4)))


@case
def group_with_effects_beyond_the_canvas ():
    image = new_image ()
    group = add_group (image)
    guide = add_layer (image, 'guide', 2, size=(30, 25), offset=(-7, -5), parent=group)
    target = add_layer (image, 'target', 1, size=(26, 22), offset=(-5, -4))
    add_effect (group, 'gegl:invert-gamma')
    negative = array.array ('f', [1 - value for value in place (guide, target)])
    expected = apply (planes (target)[0], negative, 26, 22)
    run (image, [target], group)
    check_near (planes (target)[0], expected)


@case
def transparent_guidance_is_its_mean ():
    image = new_image ()
    guidance = add_layer (image, 'guide', 2, alpha=True)
    target = add_layer (image, 'target', 1)
    colour, alpha = planes (guidance)
    area = 24 * 17
    for c in range (3):
        mean = sum (a * v for a, v in zip (alpha, colour[c * area:])) / sum (alpha)
        for i in range (area):
            colour[c * area + i] = mean + alpha[i] * (colour[c * area + i] - mean)
    expected = apply (planes (target)[0], colour, 24, 17)
    run (image, [target], guidance)
    check_near (planes (target)[0], expected)


@case
def one_pixel_of_a_guidance_that_is_no_number ():
    """It does not spread, and takes the mean of the others."""
    for value in math.nan, math.inf:
        image = new_image ()
        guidance = add_layer (image, 'guide', 2, alpha=True)
        target = add_layer (image, 'target', 1)
        values = read (guidance, "R'G'B'A float")
        values[3::4] = array.array ('f', [1.0] * (len (values) // 4))
        others = [numpy.mean ([values[i] for i in range (c, len (values), 4) if i // 4 != 100]) for c in range (3)]
        colour = array.array ('f', [others[c] if i == 100 else values[4 * i + c] for c in range (3) for i in range (24 * 17)])
        values[400:403] = array.array ('f', [value] * 3)
        guidance.get_buffer ().set (whole (guidance), "R'G'B'A float", values.tobytes ())
        expected = apply (planes (target)[0], colour, 24, 17)
        run (image, [target], guidance)
        result = planes (target)[0]
        check (all (map (math.isfinite, result)), 'not all are numbers')
        check_near (result, expected)


# Layers whose pixels GIMP makes of something else.

def need_class (name):
    if not hasattr (Gimp, name):
        raise unittest.SkipTest (f'this GIMP has no {name}')


def save_picture (seed):
    image = new_image (precision=Gimp.Precision.U8_NON_LINEAR)
    add_layer (image, 'picture', seed)
    file = Gio.File.new_for_path (SCRATCH + '/linked.png')
    Gimp.file_save (Gimp.RunMode.NONINTERACTIVE, image, file, None)
    image.delete ()
    return file


def insert (image, layer):
    image.insert_layer (layer, None, 0)
    return layer


def add_link_layer (image, file):
    return insert (image, Gimp.LinkLayer.new (image, file))


def add_vector_layer (image, radius):
    path = Gimp.Path.new (image, 'path')
    image.insert_path (path, None, 0)
    path.bezier_stroke_new_ellipse (12, 8, radius, radius, 0)
    layer = insert (image, Gimp.VectorLayer.new (image, path))
    layer.refresh ()
    return layer


def wait_for_change (layer, before):
    end = time.monotonic () + 30
    while read (layer) == before and time.monotonic () < end:
        time.sleep (0.1)
    check (read (layer) != before, 'the layer does not follow its file')


@case
def link_layer_as_target ():
    """It follows its file no more, other ones do."""
    need_class ('LinkLayer')
    for output in 'in-place', 'new-layer':
        file = save_picture (5)
        image = new_image ()
        guidance = add_layer (image, 'guide', 2)
        other, target = add_link_layer (image, file), add_link_layer (image, file)
        before, expected = read (other), expect (target, guidance)
        run (image, [target], guidance, output=output)
        result = image.get_layers ()[0]
        check_near (planes (result)[0], expected)
        save_picture (6)
        wait_for_change (other, before)
        check_near (planes (result)[0], expected)


@case
def vector_layer_as_target ():
    need_class ('VectorLayer')
    for output in 'in-place', 'new-layer':
        image = new_image ()
        guidance = add_layer (image, 'guide', 2)
        target = add_vector_layer (image, 5)
        before, alpha = planes (target)
        expected = apply (before, place (guidance, target), target.get_width (), target.get_height ())
        run (image, [target], guidance, output=output)
        result = image.get_layers ()[0]
        check_near (planes (result)[0], expected)
        check (planes (result)[1] == alpha, 'alpha changed')
        check (result.is_rasterized (), 'the next change of the path would draw it anew')


@case
def link_and_vector_layers_as_guidance ():
    """With effects, too, which are rendered into a copy of them."""
    need_class ('LinkLayer')
    image = new_image ()
    target = add_layer (image, 'target', 1)
    link, vector = add_link_layer (image, save_picture (5)), add_vector_layer (image, 40)
    for guidance in link, vector:
        before = read (guidance)
        copy = add_copy (image, target)
        expected = apply (planes (copy)[0], place (guidance, copy), 24, 17)
        run (image, [copy], guidance)
        check_near (planes (copy)[0], expected)
        copy = add_copy (image, target)
        negative = array.array ('f', [1 - value for value in place (guidance, copy)])
        expected = apply (planes (copy)[0], negative, 24, 17)
        guidance.append_filter (Gimp.DrawableFilter.new (guidance, 'gegl:invert-gamma', 'negative'))
        run (image, [copy], guidance)
        check_near (planes (copy)[0], expected)
        check (read (guidance) == before and not guidance.is_rasterized (), 'the guidance changed')


@case
def layer_mask_as_target_of_a_colour_guidance ():
    image, layer, guidance = pair ()
    mask = layer.create_mask (Gimp.AddMaskType.COPY)
    layer.add_mask (mask)
    before, expected = read (layer), expect (mask, guidance)
    run (image, [mask], guidance)
    check_near (planes (mask)[0], expected, 1e-3)
    check (read (layer) == before, 'the layer changed')


@case
def script_fu_with_named_arguments ():
    image, target, guidance = pair ()
    before, full = planes (target)[0], expect (target, guidance)
    procedure = Gimp.get_pdb ().lookup_procedure ('plug-in-script-fu-eval')
    config = procedure.create_config ()
    config.set_property ('run-mode', Gimp.RunMode.NONINTERACTIVE)
    config.set_property ('script', f'''(script-fu-use-v3)
        ({PROCEDURE} #:run-mode RUN-NONINTERACTIVE #:image {image.get_id ()} #:drawables (vector {target.get_id ()})
         #:guidance {guidance.get_id ()} #:strength 0.5 #:noise-level {NOISE_LEVEL} #:output "in-place")''')
    values = procedure.run (config)
    check (values.index (0) == Gimp.PDBStatusType.SUCCESS, values.index (0).value_nick)
    check_near (planes (target)[0], [(a + b) / 2 for a, b in zip (before, full)])


# Larger than the band that is computed at a time.
TALL = 1024, 4300


def tall_pair ():
    """Of values that differ in every row, and more from row to row, without a random number for each."""
    image = new_image (*TALL)
    pixel = noise (4 * TALL[0], 5, 0.2, 0.8)
    for name, step in (('guide', 1.3), ('target', 0.7)):
        layer = add_layer (image, name)
        strength = numpy.linspace (0.1, 1.0, TALL[1])[:, None, None]
        rows = 0.5 + (numpy.array (pixel).reshape (1, TALL[0], 4) - 0.5) * strength
        rows += 0.15 * numpy.sin (step * numpy.arange (TALL[1]))[:, None, None]
        rows[..., 3] = 1.0
        layer.get_buffer ().set (whole (layer), "R'G'B'A float", rows.astype (numpy.float32).tobytes ())
    return image, layer, image.get_layers ()[1]


def get_rows (layer):
    return numpy.frombuffer (read (layer), numpy.float32).reshape (TALL[1], TALL[0], 3)


def check_rows (found, expected):
    off = numpy.abs (found - expected).max ()
    check (off <= 1e-4, f'off by {off}')


@case
def passes_over_a_picture_larger_than_a_band ():
    image, target, guidance = tall_pair ()
    values = array.array ('f', get_rows (target).transpose (2, 0, 1).tobytes ())
    for i in range (3):
        values = apply (values, values, *TALL, model='texture-removal')
    run (image, [target], None, mode='texture-removal', iterations=3)
    expected = numpy.array (values).reshape (3, TALL[1], TALL[0]).transpose (1, 2, 0)
    check_rows (get_rows (target), expected)


@case
def noise_of_a_picture_larger_than_a_band_is_that_of_all_of_it ():
    image, target, guidance = tall_pair ()
    copy = add_copy (image, target)
    run (image, [copy], guidance, noise_level=0.0)
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 0, 4200, TALL[0], 60)
    run (image, [target], guidance, noise_level=0.0)
    check_rows (get_rows (target)[4200:4260], get_rows (copy)[4200:4260])


@case
def excess_of_a_picture_larger_than_a_band_is_that_of_all_of_it ():
    image, target, guidance = tall_pair ()
    with model_file (save_excess_model):
        for level in 0.0, 0.1:
            everything, part = add_copy (image, target), add_copy (image, target)
            run (image, [everything], guidance, noise_level=level)
            image.select_rectangle (Gimp.ChannelOps.REPLACE, 0, 4200, TALL[0], 60)
            run (image, [part], guidance, noise_level=level)
            Gimp.Selection.none (image)
            check_rows (get_rows (part)[4200:4260], get_rows (everything)[4200:4260])


@case
def noise_is_the_same_where_all_of_a_large_picture_is_read ():
    image, target, guidance = tall_pair ()
    copy = add_copy (image, target)
    expect_message ('is not sure, so it was not moved')
    run (image, [target], guidance, noise_level=0.0)
    run (image, [copy], guidance, noise_level=0.0, align='turn')
    check_rows (get_rows (target), get_rows (copy))


@case
def transparent_guidance_is_its_mean_in_every_band ():
    image, target, guidance = tall_pair ()
    clear = add_copy (image, guidance)
    clear.add_alpha ()
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 0, 2000, *TALL)
    clear.edit_clear ()
    Gimp.Selection.none (image)
    mean = get_rows (guidance)[:2000].mean ((0, 1))
    filled = get_rows (guidance).copy ()
    filled[2000:] = mean
    guidance.get_buffer ().set (whole (guidance), "R'G'B' float", filled.tobytes ())
    copy = add_copy (image, target)
    run (image, [copy], guidance)
    run (image, [target], clear)
    check_rows (get_rows (target), get_rows (copy))


run_cases ()
