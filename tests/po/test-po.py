#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-po.py SOURCE: the translations in SOURCE/po; prints TAP"""

import collections
import gettext
import pathlib
import re
import subprocess
import sys
import tempfile

TEXT = re.compile (r'\b(N?_|ngettext|g_dngettext) ?\((GETTEXT_PACKAGE, *)?\s*"')
MNEMONIC = re.compile (r'_(\w)')

# Where the texts of one dialog are, besides the label of the mode's guidance in core/modes.c, and GIMP's buttons in it.
DIALOG = 'plugin/arguments.c', 'ui/preview-box.c'
MODES = 'core/modes.c'
BUTTONS = '_Reset', '_OK', '_Cancel', '_Help', '_Load Saved Settings', '_Save Settings'
GIMP = 'gimp30-libgimp'


def read_list (path):
    return [line for line in path.read_text ().split ('\n') if line and not line.startswith ('#')]


def call (*command):
    """What it prints, errors too; nothing if all is well."""
    return subprocess.run (command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def extract (files, template):
    """The texts of files of the source; keywords as Meson's preset for GLib has them."""
    keywords = ['_', 'N_', 'ngettext:1,2', 'g_dngettext:2,3']
    subprocess.run (['xgettext', '--from-code=UTF-8', *[f'--keyword={word}' for word in keywords], '-o', template, *files],
                    cwd=SOURCE, check=True)


def read_catalogue (path, folder):
    """{text: its translations}; a plural is a text of its own"""
    compiled = pathlib.Path (folder, 'catalogue.mo')
    subprocess.run (['msgfmt', '-o', compiled, path], check=True)
    with open (compiled, 'rb') as file:
        entries = gettext.GNUTranslations (file)._catalog
    texts = collections.defaultdict (list)
    for key, translation in entries.items ():
        texts[key[0] if isinstance (key, tuple) else key].append (translation)
    return {key: value for key, value in texts.items () if key}


def translate (catalogue, text):
    return catalogue.get (text, [text])[0]


def list_texts (files, folder):
    template, english = pathlib.Path (folder, 'part.pot'), pathlib.Path (folder, 'part.po')
    extract (files, template)
    subprocess.run (['msgen', '-o', english, template], check=True)
    return list (read_catalogue (english, folder))


def list_labels (files, folder):
    return [text for text in list_texts (files, folder) if MNEMONIC.search (text)]


# Each returns what is wrong, as lines.

def find_unlisted_files (folder):
    listed = read_list (SOURCE / 'po/POTFILES.in')
    with_texts = [path.relative_to (SOURCE).as_posix () for part in ('core', 'ui', 'plugin')
                  for path in sorted ((SOURCE / part).glob ('**/*.[ch]')) if TEXT.search (path.read_text ())]
    wrong = [f'not listed: {name}' for name in with_texts if name not in listed]
    wrong += [f'listed, but without texts: {name}' for name in listed if name.endswith ('.c') and name not in with_texts]
    return wrong + ([] if listed == sorted (listed) else ['not sorted'])


def find_unlisted_languages (folder):
    listed = read_list (SOURCE / 'po/LINGUAS')
    present = sorted (path.stem for path in (SOURCE / 'po').glob ('*.po'))
    return [] if listed == present else [f'listed: {listed}, there: {present}']


def find_missing (path, folder):
    """No text is missing, fuzzy or left from an older version."""
    template = pathlib.Path (folder, 'all.pot')
    extract (read_list (SOURCE / 'po/POTFILES.in'), template)
    wrong = call ('msgcmp', path, template)
    return (wrong + call ('msgattrib', '--only-obsolete', '--no-wrap', path)).splitlines ()


def find_bad_formats (path, folder):
    return call ('msgfmt', '--check', '-o', pathlib.Path (folder, 'checked.mo'), path).splitlines ()


def find_lost_ends (path, folder):
    return [f'“{translation}” lacks the “…” of “{text}”' for text, translations in read_catalogue (path, folder).items ()
            for translation in translations if text.endswith ('…') != translation.endswith ('…')]


def find_lost_mnemonics (path, folder):
    entries = read_catalogue (path, folder)
    return [f'“{text}”: “{translation}”'
            for text in list_texts ([*DIALOG, MODES], folder) for translation in entries.get (text, [])
            if len (MNEMONIC.findall (translation)) != len (MNEMONIC.findall (text))]


def find_clashes (where, labels, others=()):
    """Labels with the same mnemonic; how others get along with each other is not ours."""
    users = collections.defaultdict (list)
    for label in [*labels, *others]:
        for key in MNEMONIC.findall (label):
            users[key.casefold ()].append (label)
    return [f'{where}: “{key}” of {clashing}' for key, clashing in users.items ()
            if len (clashing) > 1 and not set (clashing) <= set (others)]


def get_buttons (language):
    """GIMP's own, where it has that language."""
    translation = gettext.translation (GIMP, '/usr/share/locale', [language], fallback=True)
    return [translation.gettext (text) for text in BUTTONS]


def find_shared_mnemonics (path, folder):
    entries = read_catalogue (path, folder)
    dialog = [translate (entries, text) for text in list_labels (DIALOG, folder)]
    modes = list_labels ([MODES], folder)
    wrong = find_clashes ('menu', [translate (entries, text) for text in modes if text.endswith ('…')])
    for text in modes:
        if not text.endswith ('…'):
            wrong += find_clashes (f'dialog with “{text}”', [*dialog, translate (entries, text)], get_buttons (path.stem))
    return wrong


def report (number, name, wrong):
    print (f'{"not " if wrong else ""}ok {number} - {name}')
    for line in wrong:
        print ('#', line)


def main ():
    cases = [('all files with texts are listed', find_unlisted_files, ()),
             ('all languages are listed', find_unlisted_languages, ())]
    for language in read_list (SOURCE / 'po/LINGUAS'):
        path = SOURCE / f'po/{language}.po'
        cases += [(f'{language}: complete', find_missing, (path,)),
                  (f'{language}: formats match', find_bad_formats, (path,)),
                  (f'{language}: ends are kept', find_lost_ends, (path,)),
                  (f'{language}: mnemonics are kept', find_lost_mnemonics, (path,)),
                  (f'{language}: no key for two', find_shared_mnemonics, (path,))]
    print (f'1..{len (cases)}')
    with tempfile.TemporaryDirectory () as folder:
        for number, (name, find, arguments) in enumerate (cases, 1):
            report (number, name, find (*arguments, folder))


SOURCE = pathlib.Path (sys.argv[1]).resolve ()
main ()
