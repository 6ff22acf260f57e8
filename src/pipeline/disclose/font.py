# SPDX-License-Identifier: MIT
"""font.py COLLECTION SANS MONO OUT PYFTSUBSET-OPTION…: cuts font SANS of a CFF collection down, and gives its capital I the serifs
that it has in MONO, the fixed-width font of the same family. Without them "AI" is read as "Al": by tesseract nearly always, and
by people who do not know the word. It gets room on both sides, too: after a call's encoder serifs that nearly touch an A make a T."""
import os
import sys

from fontTools import subset
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

ROOM_EM = 0.1

collection, sans, mono, out, *options = sys.argv[1:]
plain = ['--no-hinting', '--desubroutinize']
subset.main([collection, f'--font-number={sans}', f'--output-file={out}.sans', *plain, *options])
subset.main([collection, f'--font-number={mono}', f'--output-file={out}.mono', *plain, '--unicodes=49'])
font, serif = TTFont(f'{out}.sans'), TTFont(f'{out}.mono')
assert font['head'].unitsPerEm == serif['head'].unitsPerEm
name, other = font.getBestCmap()[ord('I')], serif.getBestCmap()[ord('I')]
pen = T2CharStringPen(None, serif.getGlyphSet())  # no width: hmtx says it
room = round(ROOM_EM * serif['head'].unitsPerEm)
serif.getGlyphSet()[other].draw(TransformPen(pen, (1, 0, 0, 1, room, 0)))
strings = font['CFF '].cff.topDictIndex[0].CharStrings
new = pen.getCharString(private=strings[name].private, globalSubrs=strings[name].globalSubrs)
strings[name].program, strings[name].bytecode = new.program, None
width, left = serif['hmtx'][other]
font['hmtx'][name] = (width + 2 * room, left + room)
font.save(out)
os.remove(f'{out}.sans')
os.remove(f'{out}.mono')
