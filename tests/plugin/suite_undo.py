# SPDX-License-Identifier: GPL-3.0-or-later
"""beside GIMP's window: Edit, Undo, which nothing else can do, layers that come while the dialog is open, and cancel"""

import pathlib
import time

from dialog import *


def undo ():
    """The name of the menu item, which says what it undoes."""
    driver = pathlib.Path (__file__).parent / 'driver.py'
    return subprocess.run ([sys.executable, driver, '--undo'], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.strip ()


def get_state (image):
    return {layer.get_name (): read (layer) for layer in image.get_layers ()}


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
    end = time.monotonic () + 10
    while get_state (image) != before and time.monotonic () < end:
        time.sleep (0.1)
    check (get_state (image) == before, 'one undo step is not enough')
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
        display.delete ()


@case
def cancel_while_it_is_applied ():
    image = new_image (3000, 2000)
    target, guide = add_layer (image, 'target'), add_layer (image, 'guide')
    display = Gimp.Display.new (image)
    Gimp.displays_flush ()
    check_cancel (image, target)
    display.delete ()


run_cases ()
