# SPDX-License-Identifier: GPL-3.0-or-later
"""the dialog, as somebody at the screen uses it"""

from gi.repository import Gio

from dialog import *

GUIDANCE = 'Flash photo'
SAMPLE = pathlib.Path (__file__).resolve ().parents[1] / 'data/sample'


def make_image ():
    """layers from below: bottom, target, flash, top"""
    image = new_image ()
    return image, {name: add_layer (image, name, seed)
                   for seed, name in enumerate (['bottom', 'target', 'flash', 'top'], 1)}


def get_guidance (image, target, *actions):
    return use_dialog (image, [target], *actions, 'Cancel')[0][GUIDANCE]


@case
def shows_the_arguments ():
    image, layers = make_image ()
    shown, status, text = use_dialog (image, [layers['target']], f'PNG={PICTURES}/dialog.png', 'Cancel')
    check (shown == {'Split': {'items': ['Off', 'Left and right', 'Top and bottom'], 'choice': 'Off'},
                     'Zoom': {'items': ['Whole picture', '12.5%', '25%', '50%', '100%', '200%', '400%'], 'choice': '100%'},
                     GUIDANCE: {'items': ['top', 'flash', 'bottom'], 'choice': 'flash'},
                     'Strength (%)': [0, 100, 100], 'Noise level (%)': [0, 100 * NOISE_LEVEL, 30],
                     'Quality': {'items': ['Fast', 'Best'], 'choice': 'Fast'},
                     'Align guidance': {'items': ['Off', 'Shift', 'Shift, rotation and scale'], 'choice': 'Off'},
                     'Output': {'items': ['In place', 'New layer'], 'choice': 'In place'}}, shown)


@case
def cancel_changes_nothing ():
    image, layers = make_image ()
    before = read (layers['target'])
    image.clean_all ()
    shown, status, text = use_dialog (image, [layers['target']], 'Strength (%)=50', 'Cancel')
    check (status == Gimp.PDBStatusType.CANCEL, status.value_nick)
    check (read (layers['target']) == before and not image.is_dirty ())


@case
def guidance_is_the_layer_above ():
    image, layers = make_image ()
    check (get_guidance (image, layers['bottom'])['choice'] == 'target')


@case
def guidance_of_the_topmost_layer_is_the_one_below ():
    image, layers = make_image ()
    check (get_guidance (image, layers['top'])['choice'] == 'flash')


@case
def guidance_is_none_of_the_layers_to_filter ():
    image, layers = make_image ()
    shown, status, text = use_dialog (image, [layers['target'], layers['flash']], 'Cancel')
    check (shown[GUIDANCE] == {'items': ['top', 'bottom'], 'choice': 'top'}, shown)


@case
def guidance_a_script_gives ():
    image, layers = make_image ()
    shown, status, text = use_dialog (image, [layers['target']], 'Cancel', guidance=layers['bottom'])
    check (shown[GUIDANCE]['choice'] == 'bottom', shown)


@case
def layers_in_groups_are_offered ():
    image, layers = make_image ()
    group = Gimp.GroupLayer.new (image, 'group')
    image.insert_layer (group, None, 0)
    image.reorder_item (layers['flash'], group, 0)
    image.reorder_item (layers['target'], group, 1)
    check (get_guidance (image, layers['target']) == {'items': ['group', 'flash', 'top', 'bottom'], 'choice': 'flash'})


def load_sample (offset=(0, 0)):
    image = Gimp.file_load (Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path (f'{SAMPLE}/noflash.png'))
    target = image.get_layers ()[0]
    flash = Gimp.file_load_layer (Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path (f'{SAMPLE}/flash.png'))
    image.insert_layer (flash, None, 0)
    flash.set_offsets (*offset)
    return image, target


@case
def how_the_guidance_lies_is_said ():
    image, target = load_sample ()
    use_dialog (image, [target], 'SAYS=Aligned', 'Cancel')
    image, target = load_sample ((5, 0))
    use_dialog (image, [target], 'SAYS=About 5 pixels off', 'Align guidance=Shift', 'SAYS=Moved by about 5 pixels', 'Cancel')
    image, layers = make_image ()
    layers['top'].set_offsets (12, 0)
    layers['flash'].set_offsets (100, 0)
    use_dialog (image, [layers['target']], f'{GUIDANCE}=top', 'SAYS=Covers 50%', f'{GUIDANCE}=flash', 'SAYS=Does not overlap',
                'Cancel', guidance=layers['bottom'])


@case
def ok_does_what_a_script_does ():
    image, layers = make_image ()
    expected = expect (layers['target'], layers['flash'])
    shown, status, text = use_dialog (image, [layers['target']], f'Noise level (%)={100 * NOISE_LEVEL}', 'OK')
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    check_near (planes (layers['target'])[0], expected)


@case
def repeat_keeps_the_choices ():
    image, layers = make_image ()
    target = layers['target']
    before = planes (target)[0]
    full = expect (target, layers['bottom'])
    use_dialog (image, [target], f'{GUIDANCE}=bottom', f'Noise level (%)={100 * NOISE_LEVEL}', 'Strength (%)=50', 'OK')
    once = planes (target)[0]
    check_near (once, [(a + b) / 2 for a, b in zip (before, full)])
    full = expect (target, layers['bottom'])
    status, text = call (image, [target], None, Gimp.RunMode.WITH_LAST_VALS)
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    check_near (planes (target)[0], [(a + b) / 2 for a, b in zip (once, full)])


@case
def repeat_without_that_layer_is_refused ():
    image, layers = make_image ()
    use_dialog (image, [layers['target']], f'{GUIDANCE}=top', 'OK')
    image.remove_layer (layers['top'])
    status, text = call (image, [layers['target']], None, Gimp.RunMode.WITH_LAST_VALS)
    message = 'No guidance layer is chosen. Choose another layer of this image as guidance.'
    check (text == message, text)
    expect_message (message)


@case
def repeat_without_that_layer_does_not_guide_itself_instead ():
    image, layers = make_image ()
    use_dialog (image, [layers['target']], 'Guidance=top', 'OK', title='Remove Texture', mode='texture-removal')
    image.remove_layer (layers['top'])
    status, text = call (image, [layers['target']], None, Gimp.RunMode.WITH_LAST_VALS, mode='texture-removal')
    message = 'No guidance layer is chosen. Choose another layer of this image as guidance.'
    check (text == message, text)
    expect_message (message)


@case
def repeat_in_another_image_is_refused ():
    for mode, title, chooser in (('flash-denoise', 'Denoise with Flash', GUIDANCE), ('texture-removal', 'Remove Texture', 'Guidance')):
        image, layers = make_image ()
        use_dialog (image, [layers['target']], f'{chooser}=top', 'OK', title=title, mode=mode)
        other, others = make_image ()
        check (any (layer.get_tattoo () == layers['top'].get_tattoo () for layer in others.values ()), 'no layer to mistake')
        before = read (others['target'])
        other.clean_all ()
        status, text = call (other, [others['target']], None, Gimp.RunMode.WITH_LAST_VALS, mode=mode)
        message = 'No guidance layer is chosen. Choose another layer of this image as guidance.'
        check (text == message, text)
        expect_message (message)
        check (read (others['target']) == before and not other.is_dirty (), 'the image changed')


@case
def reset_brings_the_first_choice_back ():
    image, layers = make_image ()
    shown = use_dialog (image, [layers['target']], f'{GUIDANCE}=bottom', 'Strength (%)=50', 'Reset', 'Reset to Factory Defaults',
                        'Cancel')[0]
    check (shown[GUIDANCE]['choice'] == 'flash' and shown['Strength (%)'][1] == 100, shown)


@case
def errors_come_before_the_dialog ():
    image = new_image ()
    target = add_layer (image, 'target', 1)
    status, text = call (image, [target], None, Gimp.RunMode.INTERACTIVE)
    check (text.startswith ('The image has no layer besides the one to filter.'), text)
    expect_message (text)


@case
def saved_settings_are_loaded ():
    """The last one: dialogs begin with saved settings."""
    image, layers = make_image ()
    shown = use_dialog (image, [layers['target']], 'Strength (%)=30', 'Quality=Best', 'Align guidance=Shift', 'Save Settings',
                        'Strength (%)=80', 'Quality=Fast', 'Align guidance=Off', 'Load Saved Settings', 'Cancel')[0]
    check (shown['Strength (%)'][1] == 30 and shown['Quality']['choice'] == 'Best' and
           shown['Align guidance']['choice'] == 'Shift', shown)


run_cases ()
