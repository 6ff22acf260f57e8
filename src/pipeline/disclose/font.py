# SPDX-License-Identifier: MIT
"""font.py COLLECTION SANS MONO OUT PYFTSUBSET-OPTION…: cuts font SANS of a CFF collection down, and gives its capital I the serifs
that it has in MONO, the fixed-width font of the same family. Without them "AI" is read as "Al": by tesseract nearly always, and
by people who do not know the word."""
import os
import sys

from fontTools import subset
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTFont

collection, sans, mono, out, *options = sys.argv[1:]
plain = ['--no-hinting', '--desubroutinize']
subset.main([collection, f'--font-number={sans}', f'--output-file={out}.sans', *plain, *options])
subset.main([collection, f'--font-number={mono}', f'--output-file={out}.mono', *plain, '--unicodes=49'])
font, serif = TTFont(f'{out}.sans'), TTFont(f'{out}.mono')
assert font['head'].unitsPerEm == serif['head'].unitsPerEm
name, other = font.getBestCmap()[ord('I')], serif.getBestCmap()[ord('I')]
pen = T2CharStringPen(None, serif.getGlyphSet())  # no width: hmtx says it
serif.getGlyphSet()[other].draw(pen)
strings = font['CFF '].cff.topDictIndex[0].CharStrings
new = pen.getCharString(private=strings[name].private, globalSubrs=strings[name].globalSubrs)
strings[name].program, strings[name].bytecode = new.program, None
font['hmtx'][name] = serif['hmtx'][other]
font.save(out)
os.remove(f'{out}.sans')
os.remove(f'{out}.mono')
