# SPDX-License-Identifier: GPL-3.0-or-later
"""the Script-Fu of the README, as it stands there"""

import pathlib
import re

import scenes
from gi.repository import Gio
from support import *

README = pathlib.Path (__file__).resolve ().parents[2] / 'README.md'
SMALL = Gimp.Precision.U8_NON_LINEAR


def save (path, *planes, size=(scenes.WIDTH, scenes.HEIGHT), alpha=None):
    """A PNG file from planes of 0..1."""
    image = new_image (*size, precision=SMALL)
    layer = add_layer (image, 'picture', alpha=alpha is not None)
    alpha = alpha or [1.0] * len (planes[0])
    buffer = layer.get_buffer ()
    buffer.set (whole (layer), "R'G'B'A float",
                array.array ('f', [v for pixel in zip (*(planes if len (planes) == 3 else planes * 3), alpha)
                                   for v in pixel]).tobytes ())
    buffer.flush ()
    Gimp.file_save (Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path (path), None)
    image.delete ()


def load (name):
    image = Gimp.file_load (Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path (f'{SCRATCH}/{name}.png'))
    values = planes (image.get_layers ()[0])[0]
    image.delete ()
    return values


def cut (colour):
    return [colour[i:i + scenes.AREA] for i in range (0, len (colour), scenes.AREA)]


def run_example (number):
    """File names become those in our folder; Script-Fu has a folder of its own."""
    text = re.findall (r'```scheme\n(.*?)```', README.read_text (), re.DOTALL)[number]
    procedure = Gimp.get_pdb ().lookup_procedure ('plug-in-script-fu-eval')
    config = procedure.create_config ()
    config.set_property ('run-mode', Gimp.RunMode.NONINTERACTIVE)
    config.set_property ('script', re.sub (r'"(\w[^" ]*\.png)"', rf'"{SCRATCH}/\1"', text))
    values = procedure.run (config)
    check (values.index (0) == Gimp.PDBStatusType.SUCCESS, values.index (0).value_nick)


def check_better (name, before, truth):
    check (scenes.psnr (load (name), truth) > scenes.psnr (before, truth) + 1, name)


@case
def every_mode ():
    day, small = scenes.photo (), (scenes.WIDTH // 4, scenes.HEIGHT // 4)
    dim = scenes.photo (light=(0.75, 0.6, 0.45))
    noisy, dots, woven = scenes.add_noise (dim, 0.05, 1), scenes.add_dots (day), scenes.add_weave (day)
    luma = array.array ('f', [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in zip (*cut (day))])
    alpha = [float (i % 16 < 4 and i // scenes.WIDTH % 16 < 4) for i in range (scenes.AREA)]
    for name, colour in {'noflash': noisy, 'dusk': noisy, 'flash': scenes.photo (shade=-0.2), 'photo': day, 'grey': luma,
                         'dusk-infrared': scenes.infrared (), 'newspaper': dots, 'mosaic': woven}.items ():
        save (f'{SCRATCH}/{name}.png', *cut (colour))
    save (f'{SCRATCH}/strokes.png', *cut (day), alpha=alpha)
    save (f'{SCRATCH}/thumbnail.png', *(scenes.reduce (plane, 4) for plane in cut (day)), size=small)
    eighth = scenes.reduce (scenes.depth (), 8)
    save (f'{SCRATCH}/depth.png', eighth, size=(scenes.WIDTH // 8, scenes.HEIGHT // 8))

    run_example (0)

    grey, depth = scenes.join (luma, luma, luma), scenes.join (*[scenes.depth ()] * 3)
    check_better ('denoised', noisy, dim)
    check_better ('dusk-denoised', noisy, dim)
    check_better ('newspaper-smooth', dots, day)
    check_better ('mosaic-smooth', woven, day)
    check_better ('depth-large', scenes.join (*[scenes.enlarge (eighth, 8)] * 3), depth)
    check_better ('coloured', grey, day)
    check_better ('coloured-by-hand', grey, day)


@case
def a_folder_of_pairs ():
    os.mkdir (SCRATCH + '/pairs')
    dim = scenes.photo (light=(0.75, 0.6, 0.45))
    noisy = {name: scenes.add_noise (dim, 0.05, seed) for seed, name in enumerate (['one', 'two'])}
    for name, colour in noisy.items ():
        save (f'{SCRATCH}/pairs/{name}.png', *cut (colour))
        save (f'{SCRATCH}/pairs/{name}-flash.png', *cut (scenes.photo (shade=-0.2)))
    run_example (1)
    for name, before in noisy.items ():
        check_better (f'pairs/{name}-denoised', before, dim)


run_cases ()
