# SPDX-License-Identifier: GPL-3.0-or-later
"""in German, as somebody with such a system sees it"""

from dialog import *

TITLE = 'Mit Blitz entrauschen'


@case
def the_menu ():
    procedure = Gimp.get_pdb ().lookup_procedure (PROCEDURE)
    check (procedure.get_menu_label () == 'Mit _Blitz entrauschen …', procedure.get_menu_label ())
    check (procedure.get_blurb ().startswith ('Das Rauschen eines Fotos'), procedure.get_blurb ())


@case
def the_dialog ():
    image = new_image ()
    add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', 1)
    shown, status, text = use_dialog (image, [target], f'CONTROLS={SCRATCH}/controls', f'PNG={PICTURES}/translated.png',
                                      'WAIT', 'Cancel', title=TITLE)
    check ({'Blitzfoto', 'Stärke (%)', 'Ausgabe'} <= shown.keys (), shown)
    check_controls (f'{SCRATCH}/controls')


@case
def an_error ():
    image = new_image ()
    message = 'Das Bild hat außer der zu filternden keine weitere Ebene.'
    status, text = call (image, [add_layer (image, 'target', 1)], None, Gimp.RunMode.INTERACTIVE)
    check (text.startswith (message), text)
    expect_message (text)


run_cases ()
