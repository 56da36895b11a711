"""Tokens that begin before their line, or nowhere: INDENT in a replacement field and at the end of the source."""

import _tokenize
import hashlib
import itertools

PIECES = ["f'{", "f'''{", "\n", "  ", "x", "}", "'", "'''", ":", "(", "if x:\n", "\\\n"]


def tokens(source, extra):
    lines = iter(source.splitlines(True))
    found = []
    try:
        for token in _tokenize.TokenizerIter(lambda: next(lines, ""), extra_tokens=extra):
            found.append(tuple(token)[:4])
    except SyntaxError as e:
        found.append((e.msg, e.lineno))
    return found


for source in "\n  f'{", "  f'{f'{", "  f'{\n", "  f'{  ", "  f'''{\n\n  x":
    print(repr(source), tokens(source, False))

for extra in False, True:
    digest = hashlib.sha256()
    for pieces in itertools.product(PIECES, repeat=3):
        digest.update(repr(tokens("".join(pieces), extra)).encode())
    print(digest.hexdigest()[:16])
