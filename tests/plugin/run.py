#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""run.py SUITE: runs a suite inside GIMP, with the plug-in and small models of its own; prints TAP

GIMP sees an empty configuration and the plug-ins that the suites need, so that nothing of the user's is read
or written, and starts fast.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import fixture

HERE = pathlib.Path (__file__).resolve ().parent


# What a user does in the Layers dialog, as an item of a menu; that GIMP 3.2 can undo it is not what makes the image dirty.
LOCK_PIXELS = """(define (test-lock-pixels image layers)
  (gimp-item-set-lock-content (vector-ref layers 0) TRUE)
  (gimp-image-clean-all image))
(script-fu-register-filter "test-lock-pixels" "Lock Pixels" "" "" "" "" "*" SF-ONE-OR-MORE-DRAWABLE)
(script-fu-menu-register "test-lock-pixels" "<Image>/Layer")
"""

WIDE_SCREEN = '(color-management (mode display) (display-profile "{root}/wide.icc"))\n'


def make_folders (root, arguments):
    (root / 'gimp/scripts').mkdir (parents=True)
    (root / 'gimp/scripts/lock-pixels.scm').write_text (LOCK_PIXELS)
    (root / 'plug-ins/joint-filter').mkdir (parents=True)
    (root / 'system').mkdir ()
    shutil.copy (arguments.plugin, root / 'plug-ins/joint-filter')
    for name in 'help', 'locale':
        (root / 'plug-ins/joint-filter' / name).symlink_to (pathlib.Path (arguments.plugin).resolve ().parent / name)
    if arguments.models:
        (root / 'plug-ins/joint-filter/models').symlink_to (arguments.models)
    else:
        fixture.save_models (root / 'plug-ins/joint-filter/models')
    for name in 'script-fu', 'python-eval', 'file-png', 'file-glob':
        (root / 'system' / name).symlink_to (pathlib.Path (arguments.gimp_plug_ins) / name)
    fixture.save_profile (root / 'wide.icc')
    (root / 'gimp/gimprc').write_text (f'(plug-in-path "{root}/plug-ins:{root}/system")\n'
                                       '(show-welcome-dialog no)\n(check-updates no)\n' + (WIDE_SCREEN.format (root=root)
                                       if arguments.wide_screen else ''))


def make_browser (root):
    """Keeps the address that it is called with."""
    (root / 'data/applications').mkdir (parents=True)
    browser = root / 'browser'
    browser.write_text (f'#!/bin/sh\necho "$1" > {root}/page.new && mv {root}/page.new {root}/page\n')
    browser.chmod (0o755)
    (root / 'data/applications/browser.desktop').write_text (
        f'[Desktop Entry]\nType=Application\nName=Browser\nExec={browser} %u\nMimeType=text/html;\n')
    (root / 'data/applications/mimeapps.list').write_text ('[Default Applications]\ntext/html=browser.desktop\n')


def make_locale (root, name):
    """Texts in another language need a locale other than C's; few are installed, but another's name will do."""
    (root / 'locales').mkdir ()
    (root / 'locales' / name).symlink_to ('/usr/lib/locale/C.utf8')
    return {'LOCPATH': f'{root}/locales', 'LC_ALL': name, 'LANGUAGE': name}


@contextlib.contextmanager
def screen ():
    """The number of a display that nobody else uses."""
    with subprocess.Popen (['Xvfb', '-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield server.stdout.readline ().strip ()
        finally:
            server.terminate ()


def run_gimp (root, arguments, display=None):
    environment = dict (os.environ, GIMP3_DIRECTORY=f'{root}/gimp', JF_SCRATCH=str (root), JF_TAP=f'{root}/tap',
                        JF_COMMAND=arguments.command, JF_PICTURES=arguments.pictures or '',
                        JF_MODELS=f'{root}/plug-ins/joint-filter/models')
    if arguments.locale:
        environment |= make_locale (root, arguments.locale)
    if display:
        make_browser (root)
        environment |= {'DISPLAY': f':{display}', 'XDG_DATA_HOME': f'{root}/data'}
    code = f'import sys; sys.path.insert (0, "{HERE}"); import suite_{arguments.suite}'
    return subprocess.run ([*(['dbus-run-session', '--'] if display else []), arguments.gimp, '-ndfs',
                            '--batch-interpreter', 'python-fu-eval', '-b', code, '--quit'],
                           env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def has_screen ():
    atspi = [sys.executable, '-c', 'import gi; gi.require_version ("Atspi", "2.0")']
    return shutil.which ('dbus-run-session') and shutil.which ('Xvfb') and \
        subprocess.run (atspi, stderr=subprocess.DEVNULL).returncode == 0


# What GIMP and its own plug-ins print in such an environment.
HARMLESS = [r'Failed to parse tag cache', r'Missing arg type: GimpExportOptions', r'script_fu_add_resource_arg', r'GIMP-Warn(ing|ung): Welcome', r'^$',
            r'gimp_flush\(\): error: Broken pipe', r'batch command executed successfully', r'a stray image',
            r'^\(gimp:.*GLib-GObject-CRITICAL', r'list of contexts not empty', r'^stale context:', r'cannot open display',
            r'GIMP-Error: Calling error for procedure', r'GIMP-Fehler: Fehler beim Aufruf der Prozedur',
            # of a plug-in that was killed
            r'unexpected EOF', r'gimp_plug_in_handle_tile', r'returned no return values', r'Plug-in crashed',
            r'^\(/.*/joint-filter\)$', r'The dying plug-in', r'gegl_tile_cache_destroy', r'GeglBuffers leaked',
            # without a window manager, a theme and a window of GIMP's own
            r'^set device', r'^\(gimp:.*G[dt]k-CRITICAL', r'^dbus-daemon', r'^SpiRegistry daemon',
            r'gimp_ui_theme_changed', r'gimp_window_transient_on_mapped',
            # of GIMP 3.2
            r'Glycin running without sandbox', r'ignored because resources of type', r'GIMP-(Message|Meldung): Welcome',
            r'gimp_device_info_(save_tool|get_device)', r"Zombie plug-in: the process of plug-in 'python-eval"]


def prints_messages (gimp):
    """GIMP 3.2 prints none for a script's procedures that fail."""
    text = subprocess.run ([gimp, '--version'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return tuple (map (int, re.search (r'(\d+)\.(\d+)\.', text).groups ())) < (3, 2)


def report (root, result, gimp):
    """Prints what the suite wrote, and one more case: nothing else was printed."""
    tap, messages = root / 'tap', root / 'messages'
    if not tap.exists ():
        print (f'Bail out! GIMP did not run the suite\n{result.stdout}')
        return
    expected = messages.read_text ().splitlines () if messages.exists () else []
    surprises = [line for line in result.stdout.splitlines ()
                 if not any (re.search (pattern, line) for pattern in HARMLESS) and
                 not any (text in line for text in expected)]
    if prints_messages (gimp):
        surprises += ['missing: ' + text for text in expected if text not in result.stdout]
    plan, *lines = tap.read_text ().splitlines ()
    number = int (plan.removeprefix ('1..')) + 1
    print ('\n'.join ([f'1..{number}', *lines]))
    print (f'{"not " if surprises else ""}ok {number} - prints what is expected only')
    for line in surprises:
        print ('#', line)


def main ():
    parser = argparse.ArgumentParser ()
    parser.add_argument ('suite')
    parser.add_argument ('--pictures', metavar='FOLDER', help='give the suite a screen; it may leave pictures there')
    parser.add_argument ('--models', metavar='FOLDER', help='give the plug-in these models')
    parser.add_argument ('--locale', metavar='NAME', help='run GIMP in this one, as de_DE.UTF-8')
    parser.add_argument ('--wide-screen', action='store_true', help='tell GIMP that the screen has another profile than sRGB')
    parser.add_argument ('--gimp', required=True)
    parser.add_argument ('--gimp-plug-ins', required=True)
    parser.add_argument ('--plugin', required=True)
    parser.add_argument ('--command', required=True)
    arguments = parser.parse_args ()

    if arguments.pictures and not has_screen ():
        print ('1..0 # SKIP needs dbus-run-session, Xvfb and the introspection data of Atspi 2.0')
        return 0

    with tempfile.TemporaryDirectory (prefix='joint-filter-') as folder:
        root = pathlib.Path (folder)
        make_folders (root, arguments)
        with screen () if arguments.pictures else contextlib.nullcontext () as display:
            result = run_gimp (root, arguments, display)
        report (root, result, arguments.gimp)
        return result.returncode


sys.exit (main ())
