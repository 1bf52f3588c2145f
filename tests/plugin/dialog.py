# SPDX-License-Identifier: GPL-3.0-or-later
"""what the suites that use the dialog share"""

import json
import pathlib

import gi
gi.require_version ('GdkPixbuf', '2.0')
from gi.repository import GdkPixbuf

from support import *

TITLE = 'Denoise with Flash'
PICTURES = os.environ['JF_PICTURES']


def use_dialog (image, targets, *actions, guidance=None, title=TITLE, mode='flash-denoise'):
    """(what the dialog shows at last, status, error text)"""
    driver = subprocess.Popen ([sys.executable, pathlib.Path (__file__).parent / 'driver.py', title, *actions],
                               stdout=subprocess.PIPE, text=True)
    status, text = call (image, targets, guidance, Gimp.RunMode.INTERACTIVE, mode=mode)
    shown = driver.communicate ()[0]
    check (driver.returncode == 0, 'the driver failed')
    return json.loads (shown), status, text


def check_cancel (image, target):
    """Cancel while the filter is applied leaves the image as it was."""
    before, layers = read (target), len (image.get_layers ())
    image.clean_all ()
    # Seconds of work, on any machine.
    with model_file (lambda path: fixture.save_model (path, width=2000)):
        shown, status, text = use_dialog (image, [target], 'Preview=off', 'Quality=Fast', 'Align guidance=Off', 'OK',
                                          'PROGRESS', f'PNG={PICTURES}/applying.png', 'Cancel', 'READY', 'Cancel')
    check (status == Gimp.PDBStatusType.CANCEL, text)
    check (read (target) == before and not image.is_dirty (), 'the image changed')
    check (len (image.get_layers ()) == layers, 'a layer was left behind')


def check_repeat (image, target, copy):
    """Repeat, which has no preview to take anything from, makes the same of what was there."""
    image.insert_layer (copy, None, 0)
    status, text = call (image, [copy], None, Gimp.RunMode.WITH_LAST_VALS)
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    check_near (native (target), native (copy), 1.01 / 255 if precision_name (target).startswith ('u8') else 1e-4)
    image.remove_layer (copy)


def check_controls (path):
    """Each has a name; all but GIMP's own buttons say what they are for; no key is another's."""
    with open (path) as file:
        controls = json.load (file)
    check (all (name for role, name, description, key in controls), f'without a name: {controls}')
    silent = [name for role, name, description, key in controls if not description and role != 'button']
    check (not silent, f'without a description: {silent}')
    keys = [key for role, name, description, key in controls if key]
    check (len (keys) == len (set (keys)), f'one key for two: {sorted (keys)}')
    without = [name for role, name, description, key in controls
               if not key and role not in ('slider', 'drawing area')]
    check (not without, f'without a key: {without}')


def read_picture (path):
    """(width, height, rows of values 0..255)"""
    pixbuf = GdkPixbuf.Pixbuf.new_from_file (path)
    n, stride, data = pixbuf.get_n_channels (), pixbuf.get_rowstride (), pixbuf.get_pixels ()
    rows = [[value for x in range (pixbuf.get_width ()) for value in data[y * stride + x * n:y * stride + x * n + 3]]
            for y in range (pixbuf.get_height ())]
    return pixbuf.get_width (), pixbuf.get_height (), rows


def read_preview (name, width, height):
    """The picture of that size in the middle of a picture of the preview."""
    seen_width, seen_height, rows = read_picture (f'{PICTURES}/{name}')
    left, top = (seen_width - width + 1) // 2, (seen_height - height + 1) // 2
    return [value for row in rows[top:top + height] for value in row[3 * left:3 * (left + width)]]


def look (layer):
    """(its colours 0..255 as the preview shows them, its alpha 0..255)"""
    values = layer.get_buffer ().get (whole (layer), 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE)
    return [value for i in range (0, len (values), 4) for value in values[i:i + 3]], list (values[3::4])


def check_seen (name, layer, factor=1):
    """Opaque pixels on the screen are those of the layer."""
    colours, alpha = look (layer)
    width, height = layer.get_width (), layer.get_height ()
    seen = read_preview (name, factor * width, factor * height)
    off = max (abs (seen[3 * (factor * y * factor * width + factor * x) + c] - colours[3 * (y * width + x) + c])
               for y in range (height) for x in range (width) if alpha[y * width + x] == 255 for c in range (3))
    check (off <= 1, f'{name}: off by {off} of 255')
