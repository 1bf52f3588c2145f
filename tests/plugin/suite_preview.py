# SPDX-License-Identifier: GPL-3.0-or-later
"""the preview, read back from the screen: it shows what OK writes"""

from dialog import *

SIZE = 96, 64
# A dialog begins with what the last one ended with.
START = f'Noise level (%)={100 * NOISE_LEVEL}', 'Strength (%)=100'


def make_image (alpha=False, **arguments):
    image = new_image (*SIZE, **arguments)
    return image, add_layer (image, 'target', 1, alpha=alpha), add_layer (image, 'guide', 2)


def check_preview (image, target, *actions):
    """What the preview shows at last is what OK makes of the target."""
    before, copy = read (target), target.copy ()
    shown, status, text = use_dialog (image, [target], *START, *actions, 'WAIT', f'PREVIEW={PICTURES}/preview.png', 'OK')
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    check (read (target) != before, 'OK changes nothing')
    check_seen ('preview.png', target)
    check_repeat (image, target, copy)


@case
def eight_bits_in_a_feathered_selection ():
    image, target, guide = make_image (precision=Gimp.Precision.U8_NON_LINEAR)
    image.select_ellipse (Gimp.ChannelOps.REPLACE, 20, 10, 60, 40)
    Gimp.Selection.feather (image, 8)
    check_preview (image, target)


@case
def sixteen_bits_grey_with_alpha ():
    image, target, guide = make_image (base=Gimp.ImageBaseType.GRAY, precision=Gimp.Precision.U16_NON_LINEAR, alpha=True)
    check_preview (image, target)


@case
def linear_float_with_alpha ():
    image, target, guide = make_image (precision=Gimp.Precision.FLOAT_LINEAR, alpha=True)
    check_preview (image, target)


@case
def eight_bits_linear ():
    image, target, guide = make_image (precision=Gimp.Precision.U8_LINEAR)
    check_preview (image, target)


@case
def a_layer_beside_the_guidance ():
    image, target, guide = make_image ()
    target.set_offsets (9, -5)
    check_preview (image, target)


@case
def channels_that_are_off ():
    image, target, guide = make_image (precision=Gimp.Precision.U8_NON_LINEAR)
    image.set_component_active (Gimp.ChannelType.RED, False)
    check_preview (image, target)


@case
def locked_alpha_of_strokes ():
    """Nothing comes between them in place, all is seen in a new layer."""
    for output in 'In place', 'New layer':
        image, strokes, photo = make_image (alpha=True, precision=Gimp.Precision.U8_NON_LINEAR)
        strokes.set_lock_alpha (True)
        shown, status, text = use_dialog (image, [strokes], 'Zoom=100%', f'Output={output}', 'WAIT',
                                          f'PREVIEW={PICTURES}/preview.png', 'OK', title='Colour from Strokes', mode='colorize')
        check (status == Gimp.PDBStatusType.SUCCESS, text)
        result = image.get_layers ()[1]
        alpha, seen = look (result)[1], read_preview ('preview.png', *SIZE)
        clear = [i for i, value in enumerate (alpha) if value == 0]
        check_seen ('preview.png', result)
        check ((output == 'In place') == bool (clear) and all (len (set (seen[3 * i:3 * i + 3])) == 1 for i in clear),
               f'{output}: colours where the layer is transparent')


@case
def what_is_changed_in_the_dialog ():
    image, target, guide = make_image ()
    add_layer (image, 'other', 3)
    check_preview (image, target, 'WAIT', 'Noise level (%)=20', 'WAIT', 'Flash photo=other', 'WAIT', 'Strength (%)=40')


def use_other_model (*actions, strength=100, align='Off'):
    """The model is another one from the end of the preview on; (what OK makes of a layer, what Repeat does then)"""
    image, target, guide = make_image ()
    copy = target.copy ()
    fixture.save_model (f'{SCRATCH}/other.safetensors', 2)
    with model_file (lambda path: None) as path:
        shown, status, text = use_dialog (image, [target], *START, 'Quality=Fast', f'Align guidance={align}', 'Zoom=100%',
                                          'WAIT', f'COPY={SCRATCH}/other.safetensors,{path}', *actions, 'OK')
        check (status == Gimp.PDBStatusType.SUCCESS, text)
        image.insert_layer (copy, None, 0)
        run (image, [copy], guide, strength=strength / 100)
    return image, target, copy


@case
def what_the_preview_has_computed_is_not_computed_again ():
    for strength in 100, 40:
        image, target, copy = use_other_model (f'Strength (%)={strength}', strength=strength)
        check (distance (native (target), native (copy)) > 1e-2, 'it was computed again, or the models do the same')
        source = add_layer (image, 'source', 1)
        run (image, [source], image.get_layers ()[2], strength=strength / 100)
        check_near (native (target), native (source))


@case
def how_the_guidance_lies_is_not_found_out_again ():
    expect_message ('is not sure, so it was not moved')
    image, target, copy = use_other_model (align='Shift')
    check (distance (native (target), native (copy)) > 1e-2, 'it was computed again, or the models do the same')
    source = add_layer (image, 'source', 1)
    run (image, [source], image.get_layers ()[2], align='shift')
    check_near (native (target), native (source))


@case
def ok_computes_what_repeat_does ():
    """To the bit, of a selection of which the preview shows a part."""
    expect_message ('is not sure, so it was not moved')
    for align in 'Off', 'Shift':
        image = new_image (300, 220)
        guide, target = add_layer (image, 'guide', 2), add_layer (image, 'target', 1)
        copy = add_copy (image, target)
        image.select_rectangle (Gimp.ChannelOps.REPLACE, 31, 29, 211, 153)
        # Another level makes the preview forget what it has computed of the whole picture.
        shown, status, text = use_dialog (image, [target], 'Zoom=400%', 'Strength (%)=100', 'Quality=Fast',
                                          f'Align guidance={align}', 'Noise level (%)=5', 'WAIT', 'Noise level (%)=0', 'WAIT',
                                          'OK', guidance=guide)
        check (status == Gimp.PDBStatusType.SUCCESS, text)
        status, text = call (image, [copy], None, Gimp.RunMode.WITH_LAST_VALS)
        check (status == Gimp.PDBStatusType.SUCCESS, text)
        check (read (target) == read (copy), f'{align}: other pixels')


@case
def noise_that_ok_finds_is_that_of_the_preview ():
    """It is that of the whole layer, whatever is selected."""
    image, target, guide = make_image ()
    grey = noise (SIZE[0] * SIZE[1], 7)
    fill (target, array.array ('f', [value for value in grey for i in range (4)]))
    source = target.copy ()
    fixture.save_model (f'{SCRATCH}/other.safetensors', 2, noise_excess=True)
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 10, 12, 30, 20)
    with model_file (save_excess_model) as path:
        shown, status, text = use_dialog (image, [target], *START, 'Quality=Fast', 'Align guidance=Off', 'Zoom=100%', 'WAIT',
                                          f'COPY={SCRATCH}/other.safetensors,{path}', 'OK')
        check (status == Gimp.PDBStatusType.SUCCESS, text)
        save_excess_model (path)
        image.insert_layer (source, None, 0)
        run (image, [source], guide)
    check_near (native (target), native (source))


@case
def before_and_after ():
    image, target, guide = make_image ()
    path = f'PREVIEW={PICTURES}'
    use_dialog (image, [target], *START, 'WAIT', 'FOCUS', 'KEYS=+space', f'{path}/before.png', 'KEYS=-space',
                'Preview=off', f'{path}/off.png', 'Preview=on', 'Split=Left and right', f'{path}/split.png', 'Split=Off',
                'Zoom=200%', 'WAIT', f'{path}/zoomed.png', 'Cancel')
    check_seen ('before.png', target)
    check_seen ('off.png', target)
    result = target.copy ()
    image.insert_layer (result, None, -1)
    run (image, [result], guide)
    check_seen ('zoomed.png', result, factor=2)
    check_split (target, result)


def check_split (target, result):
    width, height = SIZE
    seen = read_preview ('split.png', width, height)
    for name, layer, column in ('before', target, 5), ('after', result, width - 6):
        colours = look (layer)[0]
        off = max (abs (seen[i] - colours[i]) for y in range (height)
                   for i in range (3 * (y * width + column), 3 * (y * width + column) + 3))
        check (off <= 1, f'{name} is not where it should be: off by {off} of 255')


@case
def dragging_moves_the_picture ():
    image = new_image (900, 700)
    target, guide = add_layer (image, 'target', 1), add_layer (image, 'guide', 2)
    use_dialog (image, [target], 'Preview=off', f'PREVIEW={PICTURES}/first.png', 'DRAG=200,200,230,215',
                f'PREVIEW={PICTURES}/dragged.png', 'Cancel')
    first, dragged = (read_picture (f'{PICTURES}/{name}.png')[2] for name in ('first', 'dragged'))
    check (first[100][300:600] == dragged[115][390:690], 'the picture does not follow the pointer')


def use_keys (keys, *actions):
    """(what the dialog shows, the preview before and after the keys): without the filter, of a picture larger than it."""
    image = new_image (900, 700)
    target, guide = add_layer (image, 'target', 1), add_layer (image, 'guide', 2)
    shown, status, text = use_dialog (image, [target], 'Zoom=100%', 'Preview=off', *actions, f'PREVIEW={PICTURES}/first.png',
                                      'FOCUS', f'KEYS={keys}', f'PREVIEW={PICTURES}/keys.png', 'Preview=on', 'Cancel')
    return shown, *(read_picture (f'{PICTURES}/{name}.png')[2] for name in ('first', 'keys'))


@case
def arrow_keys_move_the_picture ():
    shown, first, moved = use_keys ('Right Right Down')
    width, height = len (first[0]) // 3, len (first)
    # 2 and 1 tenths of the window, which may be parts of a pixel more or less
    found = [(x, y) for x in range (width // 5 - 2, width // 5 + 3) for y in range (height // 10 - 2, height // 10 + 3)
             if moved[100][300:600] == first[100 + y][300 + 3 * x:600 + 3 * x]]
    check (found, 'the picture did not move to the left and up')


@case
def keys_zoom ():
    shown, first, zoomed = use_keys ('plus')
    check (shown['Zoom']['choice'] == '200%', shown)
    shown, first, zoomed = use_keys ('plus 1')
    check (shown['Zoom']['choice'] == '100%', shown)
    check (zoomed[100][300:600] == first[100][300:600], 'the picture is elsewhere')
    check (use_keys ('0')[0]['Zoom']['choice'] == 'Whole picture', shown)


@case
def keys_move_the_divider ():
    image, target, guide = make_image ()
    use_dialog (image, [target], *START, 'Split=Left and right', 'WAIT', 'FOCUS', 'KEYS=+Control_L Right Right -Control_L',
                f'PREVIEW={PICTURES}/split.png', 'Split=Off', 'Cancel')
    width, height = SIZE
    seen, colours = read_preview ('split.png', width, height), look (target)[0]
    # two steps of 2 % of 480 pixels or more: 19 pixels to the right of the middle and then some
    for column in 5, width // 2 + 10:
        off = max (abs (seen[i] - colours[i]) for y in range (5) for i in range (3 * (y * width + column), 3 * (y * width + column) + 3))
        check (off <= 1, f'column {column} is not as before')


@case
def keys_choose_the_guidance ():
    image, target, guide = make_image ()
    add_layer (image, 'other', 3)
    shown, status, text = use_dialog (image, [target], 'FOCUS', 'KEYS=+Alt_L f -Alt_L Up', 'WAIT', 'Cancel')
    check (shown['Flash photo']['choice'] == 'other', shown)


run_cases ()
