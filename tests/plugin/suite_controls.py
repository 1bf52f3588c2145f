# SPDX-License-Identifier: GPL-3.0-or-later
"""the dialog of every mode: its controls, and that all of them do what they say"""

from dialog import *

SIZE = 96, 64
MODES = {'flash-denoise': 'Denoise with Flash', 'nir-denoise': 'Denoise with Near Infrared',
         'inverse-halftone': 'Inverse Halftone', 'texture-removal': 'Remove Texture',
         'upsample': 'Sharpen Enlarged Map', 'chroma-upsample': 'Sharpen Colour by Photo',
         'colorize': 'Colour from Strokes'}

# Noise has no place of its own.
ALIGNING = 'flash-denoise', 'nir-denoise', 'upsample'


def make_image ():
    image = new_image (*SIZE, precision=Gimp.Precision.U8_NON_LINEAR)
    guide = add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', 1, alpha=True)
    return image, target, guide


def check_mode (mode):
    """All controls are changed, and what the preview shows then is what the new layer has."""
    image, target, guide = make_image ()
    before = read (target)
    shown, status, text = use_dialog (image, [target], 'Split=Left and right', 'WAIT', f'PNG={PICTURES}/{mode}.png',
                                      f'CONTROLS={SCRATCH}/controls', 'Split=Off', 'CHANGE', 'WAIT',
                                      f'PREVIEW={PICTURES}/{mode}-preview.png', 'OK', mode=mode, title=MODES[mode])
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    if mode in ALIGNING:
        expect_message ('How the guidance layer “guide” lies on “target” is not sure')
    check_controls (f'{SCRATCH}/controls')
    check (read (target) == before, 'the layer changed')
    result = image.get_layers ()[0]
    check (result.get_name () == 'target filtered', result.get_name ())
    check (read (result) != before, 'nothing changed')
    check_seen (f'{mode}-preview.png', result)


def add_case (mode):
    def function ():
        check_mode (mode)
    function.__name__ = mode
    case (function)


for mode in MODES:
    add_case (mode)


@case
def cancel_while_it_is_applied ():
    image = new_image (3000, 2000)
    target, guide = add_layer (image, 'target'), add_layer (image, 'guide')
    check_cancel (image, target)


@case
def progress_covers_all_selected_layers ():
    image = new_image (2000, 1800)                      # so much that it is looked at often enough
    guide = add_layer (image, 'guide')
    targets = [add_layer (image, f'target {i}') for i in range (3)]
    with model_file (lambda path: fixture.save_model (path, width=600)):
        shown, status, text = use_dialog (image, targets, 'Preview=off', 'Quality=Fast', 'Align guidance=Off',
                                          'OK', f'PROGRESS={SCRATCH}/seen')
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    with open (f'{SCRATCH}/seen') as file:
        seen = json.load (file)
    check (seen == sorted (seen), f'it went back: {seen}')
    thirds = [sum (i / 3 < value < (i + 1) / 3 for value in seen) for i in range (3)]
    check (min (thirds) >= 2, f'not seen in each third: {seen}')


@case
def help_opens_a_page ():
    image, target, guide = make_image ()
    use_dialog (image, [target], 'Help', f'FILE={SCRATCH}/page', 'Cancel')
    with open (f'{SCRATCH}/page') as file:
        page = file.read ().strip ()
    check (page.endswith ('/plug-ins/joint-filter/help/flash-denoise.html'), page)


run_cases ()
