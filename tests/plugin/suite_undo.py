# SPDX-License-Identifier: GPL-3.0-or-later
"""beside GIMP's window: Edit, Undo, which nothing else can do, layers that come while the dialog is open, and cancel"""

import pathlib
import time

from dialog import *


# In a window there is room for three, the others are printed.
Gimp.message_set_handler (Gimp.MessageHandlerType.CONSOLE)


def undo ():
    """The name of the menu item, which says what it undoes."""
    driver = pathlib.Path (__file__).parent / 'driver.py'
    return subprocess.run ([sys.executable, driver, '--undo'], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.strip ()


def get_state (image):
    return {layer.get_name (): read (layer) for layer in image.get_layers ()}


def check_back (image, before):
    end = time.monotonic () + 10
    while get_state (image) != before and time.monotonic () < end:
        time.sleep (0.1)
    check (get_state (image) == before, 'one undo step is not enough')


def check_one_step (**arguments):
    image = new_image ()
    guidance = add_layer (image, 'guide', 2)
    targets = [add_layer (image, 'target', 1), add_layer (image, 'other', 3)]
    before = get_state (image)
    display = Gimp.Display.new (image)
    run (image, targets, guidance, **arguments)
    check (get_state (image) != before, 'the filter does nothing')
    Gimp.displays_flush ()
    check (undo () == 'Undo Denoise with Flash')
    check_back (image, before)
    display.delete ()


@case
def one_step_takes_back_all_layers ():
    check_one_step ()


@case
def one_step_takes_back_new_layers ():
    check_one_step (output='new-layer')


@case
def a_layer_that_comes_is_offered ():
    image = new_image ()
    add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', 1)
    display = Gimp.Display.new (image)
    image.set_selected_layers ([target])
    Gimp.displays_flush ()
    shown, status, text = use_dialog (image, [target], 'MENU=Duplicate Layer', 'HAS=target copy', 'Flash photo=target copy',
                                      'WAIT', 'Cancel')
    check (shown['Flash photo'] == {'items': ['target copy', 'guide'], 'choice': 'target copy'}, shown)
    display.delete ()


@case
def what_is_changed_while_the_dialog_is_open_is_filtered ():
    """What the preview has computed of the former pixels is not taken."""
    image = new_image ()
    guide, target = add_layer (image, 'guide', 2), add_layer (image, 'target', 1)
    before = read (target)
    display = Gimp.Display.new (image)
    image.set_selected_layers ([target])
    Gimp.displays_flush ()
    shown, status, text = use_dialog (image, [target], 'Flash photo=guide', f'Noise level (%)={100 * NOISE_LEVEL}',
                                      'Strength (%)=100', 'WAIT', 'MENU=Value Invert', 'OK')
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    result = read (target, "R'G'B'A float")
    check (undo () == 'Undo Denoise with Flash')
    end = time.monotonic () + 10
    while read (target, "R'G'B'A float") == result and time.monotonic () < end:
        time.sleep (0.1)
    check (read (target) != before, 'the menu changed nothing')
    run (image, [target], guide)
    check_near (read (target, "R'G'B'A float"), result)
    display.delete ()


@case
def what_the_dialog_was_opened_for_is_looked_at_again ():
    """The image is grey, or the layer gone, when OK is pressed."""
    for item, text in (('Grayscale', '“target” has no colours.'), ('Delete Layer', '“target” was removed from the image.')):
        image = new_image (100, 80)
        add_layer (image, 'guide', 2)
        target = add_layer (image, 'target', 1)
        display = Gimp.Display.new (image)
        image.set_selected_layers ([target])
        Gimp.displays_flush ()
        shown, status, message = use_dialog (image, [target], 'WAIT', f'MENU={item}', 'WAIT', 'OK', mode='chroma-upsample',
                                             title='Sharpen Colour by Photo')
        check (status == Gimp.PDBStatusType.EXECUTION_ERROR and message.startswith (text), message)
        expect_message (text)
        display.delete ()


def check_left_alone (text, action, of, output='In place', undone=None):
    """Somebody works on while the first one of two layers is computed; that is all that there is to undo, and all that makes
    the image dirty."""
    image = new_image (1500, 1500)
    layers = {'guide': add_layer (image, 'guide'), 'target': add_layer (image, 'target'),
              'group': Gimp.GroupLayer.new (image, 'group')}
    image.insert_layer (layers['group'], None, 0)
    layers['other'] = add_layer (image, 'other', parent=layers['group'])
    before = get_state (image)
    display = Gimp.Display.new (image)
    image.set_selected_layers ([layers[of]])
    image.clean_all ()
    Gimp.displays_flush ()
    # Seconds of work, on any machine.
    with model_file (lambda path: fixture.save_model (path, width=3000)):
        shown, status, message = use_dialog (image, [layers['target'], layers['other']], 'Preview=off', 'Quality=Fast',
                                             'Align guidance=Off', 'Flash photo=guide', f'Output={output}', 'OK', 'PROGRESS',
                                             action)
    check (status == Gimp.PDBStatusType.EXECUTION_ERROR and message == text, message)
    expect_message (text)
    if undone:
        seen = undo ()
        check (seen == undone, seen)
        check_back (image, before)
    check (get_state (image) == before and not image.is_dirty (), 'the image changed')
    display.delete ()


@case
def nothing_is_written_where_a_layer_is_locked_meanwhile ():
    check_left_alone ('The pixels of “other” are locked. Unlock them in the Layers dialog, then filter again.',
                      'MENU=Lock Pixels', of='other')


@case
def nothing_is_written_where_a_layer_changes_meanwhile ():
    text = '“{}” was changed or removed while it was used, so nothing was filtered. Filter again.'
    check_left_alone (text.format ('other'), 'MENU=Delete Layer', of='other', undone='Undo Remove Layer')
    check_left_alone (text.format ('other'), 'MENU=Delete Layer', of='group', output='New layer', undone='Undo Remove Layer')
    check_left_alone (text.format ('guide'), 'MENU=Delete Layer', of='guide', undone='Undo Remove Layer')
    check_left_alone (text.format ('target'), 'MENU=Add Alpha Channel', of='target', undone='Undo Add Alpha Channel')


@case
def cancel_while_it_is_applied ():
    image = new_image (3000, 2000)
    target, guide = add_layer (image, 'target'), add_layer (image, 'guide')
    display = Gimp.Display.new (image)
    Gimp.displays_flush ()
    check_cancel (image, target)
    display.delete ()


run_cases ()
