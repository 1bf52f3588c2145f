# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# results: pictures that are kept between runs, tables, contact sheets, and the tables in cards
"""Whoever evaluates measures rows (column, method, setting, figure): a table has a row for each method and a column for each
set. What took long to compute is kept in a folder under a digest of all that it was made from: after a model was
trained anew only that model runs again."""

import csv
import hashlib
import pathlib
import re

import numpy as np
from PIL import Image, ImageDraw

CAPTION, LETTER = 14, 6      # pixels: the height of a line, the width of a letter
COLUMNS = 6                  # of a contact sheet


class Kept:
    """A folder of pictures, or, without a folder, nothing: then everything is computed."""

    def __init__(self, folder):
        self.folder = folder and pathlib.Path(folder)
        if folder:
            self.folder.mkdir(parents=True, exist_ok=True)

    def _path(self, key, suffix):
        digest = hashlib.sha256()
        for part in key:
            digest.update(part.tobytes() + str(part.shape).encode() if isinstance(part, np.ndarray) else repr(part).encode())
            digest.update(b'\0')
        return self.folder / (digest.hexdigest()[:32] + suffix)

    def picture(self, key, compute):
        if not self.folder:
            return compute()
        path = self._path(key, '.npy')
        if not path.exists():
            partial = path.with_suffix('.part')
            with open(partial, 'wb') as file:
                np.save(file, np.asarray(compute(), np.float32))
            partial.rename(path)
        return np.load(path)

    def number(self, key, compute):
        return float(self.picture(key, compute))


def file_digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def search(kept, key, variants, examples, error):
    """The setting of {setting: function} with the least mean error over examples."""
    if len(variants) == 1:
        return next(iter(variants))
    return min(variants, key=lambda s: kept.number((*key, s), lambda: np.mean([error(variants[s](x), x) for x in examples])))


def named(text):
    """NAME=VALUE or a file, whose name without its ending is its name."""
    name, equals, value = text.partition('=')
    return (name, value) if equals else (pathlib.Path(text).stem, text)


def add_options(parser):
    """What all evaluations have in common."""
    parser.add_argument('models', nargs='*')
    parser.add_argument('--other', nargs='*', type=named, default=[], metavar='[NAME=]MODEL', help='models of others to compare with')
    parser.add_argument('--competitors', action='store_true', help='needs SciPy, scikit-image, OpenCV')
    parser.add_argument('--joint-filter', default='joint-filter', metavar='PROGRAM')
    parser.add_argument('--kept', metavar='FOLDER', help='where results are kept for the next run')
    parser.add_argument('--table', default='results', metavar='NAME', help='of NAME.md, NAME.csv and the folder NAME of contact sheets')
    parser.add_argument('--size', type=int, default=0, help='of the parts shown in contact sheets; 0: no sheets')
    parser.add_argument('--out', type=pathlib.Path, default='results', metavar='FOLDER')
    parser.add_argument('--sheets', type=pathlib.Path, metavar='FOLDER', help='of contact sheets, where it is another one')


def models_of(arguments):
    """(name, file, whether it is one of ours to be judged) in the order of the table."""
    return [(n, m, False) for n, m in arguments.other] + [(pathlib.Path(m).stem, m, True) for m in arguments.models]


def write(arguments, rows, digits, bold=()):
    """rows: (column, method, setting, figure)."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    with open(arguments.out / f'{arguments.table}.csv', 'w', newline='') as file:
        csv.writer(file, lineterminator='\n').writerows([('column', 'method', 'setting', 'figure')] + rows)
    columns, table = list(dict.fromkeys(r[0] for r in rows)), {(r[1], r[0]): r[3] for r in rows}
    with open(arguments.out / f'{arguments.table}.md', 'w') as file:
        print('| method |', ' | '.join(columns), '|', file=file)
        print('|---|' + '---|' * len(columns), file=file)
        for method in dict.fromkeys(r[1] for r in rows):
            cells = [f'{table[method, c]:.{digits[i % len(digits)]}f}' if (method, c) in table else '–' for i, c in enumerate(columns)]
            name = f'**{method}**' if method.split(',')[0] in bold else method
            print(f'| {name} |', ' | '.join(cells), '|', file=file)


def middle(picture, size):
    top, left = ((n - min(n, size)) // 2 for n in picture.shape[:2])
    return picture[top:top + size, left:left + size]


def bytes_of(picture):
    colour = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
    return Image.fromarray((colour.clip(0, 1) * 255).round().astype(np.uint8))


def sheet(arguments, name, pictures, zoom=1):
    """The middle of every (caption, picture) side by side in some rows."""
    if not arguments.size:
        return
    parts = [(caption, bytes_of(middle(p, arguments.size))) for caption, p in pictures]
    width, height = (n * zoom for n in parts[0][1].size)
    columns = min(COLUMNS, len(parts))
    page = Image.new('RGB', (columns * width, -(-len(parts) // columns) * (height + CAPTION)), 'white')
    draw = ImageDraw.Draw(page)
    for i, (caption, part) in enumerate(parts):
        left, top = i % columns * width, i // columns * (height + CAPTION)
        draw.text((left + 2, top + 1), caption[:width // LETTER], 'black')
        page.paste(part.resize((width, height), Image.Resampling.NEAREST), (left, top + CAPTION))
    folder = (arguments.sheets or arguments.out) / arguments.table
    folder.mkdir(parents=True, exist_ok=True)
    page.save(folder / f'{name}.png', optimize=True)


def refresh(cards, figures):
    """Put the tables that were measured into the cards: each stands between <!-- table NAME --> and <!-- end -->."""
    def table(match):
        path = pathlib.Path(figures, match[1] + '.md')
        return f'<!-- table {match[1]} -->\n{path.read_text()}<!-- end -->' if path.exists() else match[0]
    for card in pathlib.Path(cards).glob('*.md'):
        text = card.read_text()
        fresh = re.sub(r'<!-- table ([\w-]+) -->\n.*?<!-- end -->', table, text, flags=re.DOTALL)
        if fresh != text:
            card.write_text(fresh)
