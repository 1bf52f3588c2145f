# SPDX-License-Identifier: GPL-3.0-or-later
"""what is refused, with which words; the image stays as it was"""

import contextlib
import pathlib
import signal
import threading
import time

from support import *


def pair ():
    image = new_image ()
    guidance = add_layer (image, 'guide', 2)
    return image, add_layer (image, 'target', 1), guidance


def check_refused (image, targets, guidance, text, **arguments):
    before = [read (layer) for layer in image.get_layers ()]
    image.clean_all ()
    status, message = call (image, targets, guidance, **arguments)
    check (status == Gimp.PDBStatusType.EXECUTION_ERROR, status.value_nick)
    check (message == text, message)
    expect_message (text)
    check ([read (layer) for layer in image.get_layers ()] == before, 'pixels changed')
    check (not image.is_dirty (), 'an undo step was left')


@case
def no_guidance ():
    image, target, guidance = pair ()
    check_refused (image, [target], None,
                   'No guidance layer is chosen. Choose another layer of this image as guidance.')


@case
def only_one_layer ():
    image = new_image ()
    target = add_layer (image, 'target', 1)
    check_refused (image, [target], None,
                   'The image has no layer besides the one to filter. Add the picture that guides the filter as a '
                   'layer (File, Open as Layers), then filter again.')


@case
def guidance_is_the_target ():
    image, target, guidance = pair ()
    check_refused (image, [target], target,
                   'The layer “target” cannot guide its own filtering. Choose another layer as guidance, or select '
                   'only the layers to filter.')


@case
def guidance_is_one_of_several_targets ():
    image, target, guidance = pair ()
    add_layer (image, 'third', 3)
    check_refused (image, [target, guidance], guidance,
                   'The layer “guide” cannot guide its own filtering. Choose another layer as guidance, or select '
                   'only the layers to filter.')


@case
def guidance_of_another_image ():
    image, target, guidance = pair ()
    other = add_layer (new_image (), 'stranger', 3)
    check_refused (image, [target], other,
                   'The guidance layer “stranger” belongs to another image. Copy it into the image to filter as a '
                   'layer.')


@case
def target_of_another_image ():
    image, target, guidance = pair ()
    other_image = new_image ()
    other = add_layer (other_image, 'stranger', 3)
    before = read (other)
    other_image.clean_all ()
    for output in 'in-place', 'new-layer':
        check_refused (image, [target, other], guidance, output=output,
                       text='“stranger” belongs to another image. Select a layer of the image to filter.')
        check (read (other) == before and len (other_image.get_layers ()) == 1, 'the other image changed')
        check (not other_image.is_dirty (), 'an undo step was left in the other image')


@case
def guidance_lies_elsewhere ():
    image, target, guidance = pair ()
    guidance.set_offsets (24, 0)
    check_refused (image, [target], guidance,
                   'The guidance layer “guide” lies nowhere over the part of “target” to filter. Move one of them so '
                   'that the pictures are aligned.')


@case
def guidance_is_transparent ():
    image = new_image ()
    guidance = add_layer (image, 'guide', alpha=True)
    target = add_layer (image, 'target', 1)
    check_refused (image, [target], guidance,
                   'The guidance layer “guide” is fully transparent here. Choose another layer, or move it over the '
                   'layer to filter.')


@case
def group_as_target ():
    image, target, guidance = pair ()
    group = Gimp.GroupLayer.new (image, 'group')
    image.insert_layer (group, None, 0)
    check_refused (image, [group], guidance,
                   'The layer group “group” has no pixels of its own. Select the layers in it, or merge it.')


@case
def locked_layer ():
    image, target, guidance = pair ()
    target.set_lock_content (True)
    check_refused (image, [target], guidance,
                   'The pixels of “target” are locked. Unlock them in the Layers dialog, then filter again.')


@case
def layer_in_a_locked_group ():
    image = new_image ()
    guidance = add_layer (image, 'guide', 2)
    group = Gimp.GroupLayer.new (image, 'group')
    image.insert_layer (group, None, 0)
    target = add_layer (image, 'target', 1, parent=group)
    group.set_lock_content (True)
    for output in 'in-place', 'new-layer':
        check_refused (image, [target], guidance, output=output,
                       text='The pixels of “group” are locked. Unlock them in the Layers dialog, then filter again.')


@case
def mask_of_a_locked_layer ():
    image, layer, guidance = pair ()
    mask = layer.create_mask (Gimp.AddMaskType.WHITE)
    layer.add_mask (mask)
    layer.set_lock_content (True)
    check_refused (image, [mask], guidance,
                   'The pixels of “target” are locked. Unlock them in the Layers dialog, then filter again.')


@case
def one_of_several_layers_locked ():
    image, target, guidance = pair ()
    other = add_layer (image, 'other', 3)
    other.set_lock_content (True)
    check_refused (image, [target, other], guidance,
                   'The pixels of “other” are locked. Unlock them in the Layers dialog, then filter again.')


@case
def new_layer_of_a_mask ():
    image, layer, guidance = pair ()
    mask = layer.create_mask (Gimp.AddMaskType.WHITE)
    layer.add_mask (mask)
    check_refused (image, [mask], guidance, output='new-layer',
                   text='“target mask” is not a layer and can only be filtered in place.')


@case
def new_layer_of_a_floating_selection ():
    """GIMP takes none while it floats over a mask."""
    for over in 'layer', 'mask':
        image, layer, guidance = pair ()
        layer.add_mask (layer.create_mask (Gimp.AddMaskType.WHITE))
        image.select_rectangle (Gimp.ChannelOps.REPLACE, 2, 2, 9, 9)
        floating = Gimp.Selection.float (image, [layer.get_mask () if over == 'mask' else layer], 0, 0)
        check_refused (image, [floating], guidance, output='new-layer',
                       text=f'“{floating.get_name ()}” is not a layer and can only be filtered in place.')


@case
def gimp_says_why_it_takes_no_result ():
    """A script's mistake: the layer was made for the image, but not put into it."""
    image, target, guidance = pair ()
    loose = Gimp.Layer.new (image, 'loose', 24, 17, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
    start = 'The result for “loose” could not be put into the image: '
    for output in 'in-place', 'new-layer':
        image.clean_all ()
        status, message = call (image, [target, loose], guidance, output=output)
        check (status == Gimp.PDBStatusType.EXECUTION_ERROR, status.value_nick)
        check (message.startswith (start) and 'loose' in message.removeprefix (start), message)
        check (len (image.get_layers ()) == 2 and not image.is_dirty (), 'an undo step was left')
    expect_message (start)


@case
def selection_lies_elsewhere ():
    image, target, guidance = pair ()
    target.set_offsets (10, 0)
    image.select_rectangle (Gimp.ChannelOps.REPLACE, 0, 0, 5, 5)
    check_refused (image, [target], guidance,
                   'The selection does not touch the layer “target”. Move the selection, or select nothing to filter '
                   'the whole layer.')


@case
def indexed_image ():
    image = new_image (precision=Gimp.Precision.U8_NON_LINEAR)
    guidance = add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', 1)
    image.convert_indexed (Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, '')
    check_refused (image, [target], guidance,
                   '“target” has indexed colours. Convert the image with Image, Mode, RGB first.')


@case
def model_file_is_missing ():
    image, target, guidance = pair ()
    with model_file (lambda path: path.unlink ()) as path:
        check_refused (image, [target], guidance,
                       f'Failed to open file “{path}”: open() failed: No such file or directory. Install Joint Filter '
                       'again to repair it.')


@case
def model_file_is_cut_off ():
    image, target, guidance = pair ()
    with model_file (lambda path: path.write_bytes (path.read_bytes ()[:-1])) as path:
        check_refused (image, [target], guidance,
                       f'{path}: tensor “filter.1.bias”: its values lie beyond the end of the file, which is damaged '
                       'or cut off. Install Joint Filter again to repair it.')


def kill_when_busy ():
    """What Cancel does, half a second of computing after the start."""
    folder, ticks = os.path.dirname (MODELS), os.sysconf ('SC_CLK_TCK')
    while True:
        for process in pathlib.Path ('/proc').glob ('[0-9]*'):
            with contextlib.suppress (OSError):
                if (process / 'cmdline').read_bytes ().startswith (folder.encode ()) and \
                   int ((process / 'stat').read_text ().rsplit (')')[1].split ()[11]) > ticks / 2:
                    os.kill (int (process.name), signal.SIGKILL)
                    return
        time.sleep (0.02)


@case
def cancelled_run ():
    image = new_image (1500, 1000)
    guidance = add_layer (image, 'guide')
    target = add_layer (image, 'target')
    before = read (target)
    image.clean_all ()
    # Seconds of work, on any machine.
    with model_file (lambda path: fixture.save_model (path, width=1000)):
        for output in 'in-place', 'new-layer':
            user = threading.Thread (target=kill_when_busy, daemon=True)
            user.start ()
            status, message = call (image, [target], guidance, output=output)
            check (status != Gimp.PDBStatusType.SUCCESS, 'it was over already')
            check (read (target) == before and len (image.get_layers ()) == 2 and not image.is_dirty ())
            user.join ()


@case
def works_again_afterwards ():
    image, target, guidance = pair ()
    expected = expect (target, guidance)
    run (image, [target], guidance)
    check_near (planes (target)[0], expected)


run_cases ()
