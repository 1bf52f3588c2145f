# SPDX-License-Identifier: GPL-3.0-or-later
"""every mode: what of its layers goes through which model, and what becomes of it"""

import colours
from colours import join
from support import *

WIDTH, HEIGHT = 24, 17
AREA = WIDTH * HEIGHT


def pair (base=Gimp.ImageBaseType.RGB, **arguments):
    image = new_image (base=base, **arguments)
    guidance = add_layer (image, 'guide', 2)
    return image, add_layer (image, 'target', 1), guidance


def check_mode (mode, model, image, target, guidance, **arguments):
    """That the network sees the colours as they are."""
    expected = expect (target, guidance, model=model)
    run (image, [target], guidance, mode=mode, **arguments)
    check_near (planes (target)[0], expected)


def get_error (image, target, guidance, **arguments):
    """What is said to a call that must change nothing."""
    before = read (target)
    image.clean_all ()
    status, text = call (image, [target], guidance, **arguments)
    check (status in (Gimp.PDBStatusType.EXECUTION_ERROR, Gimp.PDBStatusType.CALLING_ERROR), status.value_nick)
    check (read (target) == before and not image.is_dirty (), 'the image changed')
    expect_message (text.split ('\n')[0])
    return text


def split (colour):
    return colours.split (colour, AREA)


def apply_to_chroma (chroma, luma, factor):
    return [value for plane in (chroma[:AREA], chroma[AREA:])
            for value in apply (plane, luma, WIDTH, HEIGHT, model=f'chroma-upsampling-x{factor}')]


@case
def denoise_fast_and_best ():
    for mode in 'flash-denoise', 'nir-denoise':
        check_mode (mode, 'flash-denoise', *pair (), quality='fast')
        check_mode (mode, 'flash-denoise-best', *pair (), quality='best')


@case
def infrared_photo_in_grey ():
    image, target, guidance = pair ()
    values = noise (4 * AREA, 5)
    for i in range (0, 4 * AREA, 4):
        values[i + 1] = values[i + 2] = values[i]
    fill (guidance, values)
    check_mode ('nir-denoise', 'flash-denoise', image, target, guidance)


@case
def map_of_every_factor ():
    for factor in 4, 8, 16:
        check_mode ('upsample', f'upsampling-x{factor}', *pair (Gimp.ImageBaseType.GRAY), factor=factor)


@case
def map_in_colour_is_filtered_plane_by_plane ():
    check_mode ('upsample', 'upsampling-x8', *pair (), factor=8)


@case
def map_of_eight_bits ():
    image, target, guidance = pair (Gimp.ImageBaseType.GRAY, precision=Gimp.Precision.U8_NON_LINEAR)
    expected = [min (max (v, 0.0), 1.0) for v in expect (target, guidance, model='upsampling-x4')]
    run (image, [target], guidance, mode='upsample')
    check_near (planes (target)[0], expected, 1 / 255)


@case
def layer_mask_as_map ():
    image, layer, guidance = pair ()
    mask = layer.create_mask (Gimp.AddMaskType.COPY)
    layer.add_mask (mask)
    before = read (layer)
    check_mode ('upsample', 'upsampling-x4', image, mask, guidance)
    check (read (layer) == before, 'the layer changed')


@case
def channel_as_map ():
    image, layer, guidance = pair ()
    channel = Gimp.Channel.new (image, 'saved selection', WIDTH, HEIGHT, 50, Gegl.Color.new ('red'))
    image.insert_channel (channel, None, 0)
    fill (channel, noise (4 * AREA, 7))
    check_mode ('upsample', 'upsampling-x16', image, channel, guidance, factor=16)


@case
def factor_without_a_model ():
    check (get_error (*pair (), mode='upsample', factor=5) ==
           'There is no model for a factor of 5. Choose one of the factors that the dialog offers.')


@case
def chroma_of_the_target_and_luma_of_the_guidance ():
    for factor in 4, 8, 16:
        image, target, guidance = pair ()
        luma, _ = split (planes (guidance)[0])
        _, chroma = split (planes (target)[0])
        filtered = apply_to_chroma (chroma, luma, factor)
        run (image, [target], guidance, mode='chroma-upsample', factor=factor)
        check_near (planes (target)[0], join (luma, filtered))
        check_near (split (planes (target)[0])[0], luma)


@case
def chroma_of_what_has_none ():
    image, target, guidance = pair ()
    mask = target.create_mask (Gimp.AddMaskType.WHITE)
    target.add_mask (mask)
    text = '“%s” has no colours. Select a layer of an RGB image; a grey image becomes one with Image, Mode, RGB.'
    check (get_error (image, mask, guidance, mode='chroma-upsample') == text % 'target mask')
    # GIMP itself refuses images of a type that the procedure does not take.
    get_error (*pair (Gimp.ImageBaseType.GRAY), mode='chroma-upsample')


@case
def self_guided_by_what_each_pass_leaves ():
    for mode in 'inverse-halftone', 'texture-removal':
        image, target, guidance = pair ()
        values = planes (target)[0]
        for i in range (3):
            values = apply (values, values, WIDTH, HEIGHT, model=mode)
        run (image, [target], None, mode=mode, iterations=3)
        check_near (planes (target)[0], values)


@case
def self_guided_modes_run_twice_by_themselves ():
    image, target, guidance = pair ()
    once = expect (target, target, model='inverse-halftone')
    expected = apply (once, once, WIDTH, HEIGHT, model='inverse-halftone')
    run (image, [target], None, mode='inverse-halftone')
    check_near (planes (target)[0], expected)


@case
def self_guided_modes_take_another_guidance_for_all_passes ():
    image, target, guidance = pair ()
    values, other = (planes (layer)[0] for layer in (target, guidance))
    for i in range (2):
        values = apply (values, other, WIDTH, HEIGHT, model='inverse-halftone')
    run (image, [target], guidance, mode='inverse-halftone', iterations=2)
    check_near (planes (target)[0], values)


@case
def self_guided_modes_need_one_layer_only ():
    image = new_image (base=Gimp.ImageBaseType.GRAY)
    target = add_layer (image, 'target', 1)
    expected = expect (target, target, model='texture-removal')
    run (image, [target], None, mode='texture-removal', iterations=1)
    check_near (planes (target)[0], expected)


@case
def self_guided_layers_guide_themselves_each ():
    image, target, other = pair ()
    expected = [expect (layer, layer, model='texture-removal') for layer in (target, other)]
    run (image, [target, other], None, mode='texture-removal', iterations=1)
    for layer, values in zip ((target, other), expected):
        check_near (planes (layer)[0], values)


@case
def passes_in_a_selection ():
    image, target, guidance = pair ()
    before = values = planes (target)[0]
    for i in range (2):
        values = apply (values, values, WIDTH, HEIGHT, model='inverse-halftone')
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 5, 3, 9, 7)
    run (image, [target], None, mode='inverse-halftone', iterations=2)
    inside = [5 <= i % WIDTH < 14 and 3 <= i // WIDTH % HEIGHT < 10 for i in range (3 * AREA)]
    check_near (planes (target)[0], [a if i else b for a, b, i in zip (values, before, inside)])


@case
def strength_of_every_mode ():
    for mode in 'upsample', 'chroma-upsample', 'texture-removal':
        image, target, guidance = pair ()
        copy = target.copy ()
        image.insert_layer (copy, None, 0)
        before = planes (target)[0]
        run (image, [copy], guidance, mode=mode)
        run (image, [target], guidance, mode=mode, strength=0.25)
        check_near (planes (target)[0], [a + 0.25 * (b - a) for a, b in zip (before, planes (copy)[0])])


@case
def pictures_of_any_shape ():
    for size, mode in (((1, 1), 'nir-denoise'), ((1, 1), 'chroma-upsample'), ((1, 1), 'upsample'), ((1, 700), 'upsample'),
                       ((900, 1), 'chroma-upsample'), ((3, 2), 'inverse-halftone'), ((1, 700), 'texture-removal')):
        image = new_image (*size)
        guidance, target = (add_layer (image, name, seed) for seed, name in enumerate (['guide', 'target'], 1))
        before = planes (target)[0]
        run (image, [target], guidance, mode=mode)
        check (distance (planes (target)[0], before) > 1e-3, f'{mode} of {size} does nothing')


@case
def all_kinds_of_modes_refuse_what_they_cannot_do ():
    for mode in 'texture-removal', 'upsample', 'colorize':
        image, target, guidance = pair ()
        group = Gimp.GroupLayer.new (image, 'group')
        image.insert_layer (group, None, 0)
        check ('“group” has no pixels' in get_error (image, group, guidance, mode=mode))
        target.set_lock_content (True)
        check ('“target” are locked' in get_error (image, target, guidance, mode=mode, output='in-place'))
        target.set_lock_content (False)
        guidance.set_offsets (2 * WIDTH, 0)
        check ('“guide” lies nowhere' in get_error (image, target, guidance, mode=mode, output='in-place'))
        target.set_offsets (WIDTH, 0)
        image.select_rectangle (Gimp.ChannelOps.REPLACE, 0, 0, 5, 5)
        check ('does not touch the layer “target”' in get_error (image, target, guidance, mode=mode, output='in-place'))
        if mode != 'texture-removal':
            check ('No guidance layer is chosen.' in get_error (image, target, None, mode=mode))


# colorize: the whole way, by plain means

def is_stroke (x, y):
    return y == 8 and (3 <= x < 9 or 15 <= x < 21)


def scribble (transparent):
    """A photo of two halves, and strokes of a colour each."""
    image = new_image ()
    photo = add_layer (image, 'photo')
    grey = noise (AREA, 3, 0.2, 0.3)
    for i in range (AREA):
        grey[i] += 0.4 if i % WIDTH >= 12 else 0.0
    fill (photo, array.array ('f', [v for value in grey for v in (value, value, value, 1.0)]))
    strokes = add_layer (image, 'strokes', alpha=True)
    values = array.array ('f')
    for i, value in enumerate (grey):
        if is_stroke (i % WIDTH, i // WIDTH):
            values.extend ([0.8, 0.3, 0.2, 1.0] if i % WIDTH < 12 else [0.1, 0.4, 0.9, 1.0])
        else:
            values.extend ([0.0, 0.0, 0.0, 0.0] if transparent else [value, value, value, 1.0])
    buffer = strokes.get_buffer ()
    buffer.set (whole (strokes), "R'G'B'A float", values.tobytes ())
    buffer.flush ()
    return image, strokes, photo


def check_colorize (transparent):
    image, strokes, photo = scribble (transparent)
    luma, chroma = split (planes (photo)[0])[0], split (planes (strokes)[0])[1]
    expected = join (luma, colours.colorize (chroma, luma, WIDTH, HEIGHT, is_stroke,
                                             lambda planes: apply_to_chroma (planes, luma, 4)))
    before = read (strokes)
    run (image, [strokes], photo, mode='colorize')
    result = image.get_layers ()[0]
    check (result.get_name () == 'strokes filtered' and read (strokes) == before, 'the strokes changed')
    check_near (planes (result)[0], expected)
    check (set (planes (result)[1]) == {1.0}, 'the result is transparent')


@case
def strokes_on_a_transparent_layer ():
    check_colorize (True)


@case
def strokes_on_a_copy_of_the_photo ():
    check_colorize (False)


@case
def strokes_at_no_strength_are_the_photo ():
    image, strokes, photo = scribble (True)
    run (image, [strokes], photo, mode='colorize', strength=0.0, output='in-place')
    check_near (planes (strokes)[0], planes (photo)[0])


@case
def strokes_with_locked_alpha_become_a_layer_that_is_seen ():
    image, strokes, photo = scribble (True)
    strokes.set_lock_alpha (True)
    run (image, [strokes], photo, mode='colorize')
    check (set (planes (image.get_layers ()[0])[1]) == {1.0}, 'the result is transparent')
    check (strokes.get_lock_alpha (), 'the strokes changed')


@case
def no_strokes ():
    image, strokes, photo = scribble (True)
    fill (strokes, noise (4 * AREA, 1))
    text = get_error (image, strokes, photo, mode='colorize')
    check (text.startswith ('“strokes”: Strokes are everywhere, which leaves nothing to colour: paint some'), text)
    copy = photo.copy ()
    image.insert_layer (copy, None, 0)
    text = get_error (image, copy, photo, mode='colorize')
    check (text.startswith ('“photo copy”: There are no coloured strokes: paint some'), text)


run_cases ()
