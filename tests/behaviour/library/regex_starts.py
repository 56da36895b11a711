"""Searches that can tell from the first characters of a match where none starts: they find what others find, however often they
are repeated and however long the text is."""
import re

patterns = [r'(^|[^\\])"x', r'\bword\b', r'[0-9]{2,3}-', r'(?:a|bc)d', r'P(?:ython|erl)', r'(?i:k)x', r'^\s*|\s*$', r'(?=ab)a.', r'(a)\1b', r'(?:ab)*c',
            r'(?:ab)+?c', r'(?>a|ab)c', r'(?:a|b)++c', r'(a)?(?(1)b|c)d', r'[^a]b', r'.b', r'(?s:.)b', r'a??b', r'(?<=a)b', r'(?!a)\wb', '\u20ac[\u20aca]', 'x*y', r'$\n',
            r'(?m:^)a', r'\d\d(?m:$)', 'a|', r'\Z', '']
texts = ['ab"x \\"x word1 word 12-345-', 'PPPPPPPython PPerl', 'K\u212ax kx', 'abd bcd aab ababc abc c ac', '\u20ac\u20ac \u20aca', 'xxy\n y', '', 'a', 'b\n', 'a\nab\n12\n']
texts += ['-' * 3000 + texts[0], 'P' * 3000 + texts[1], '\u0100' * 1500 + texts[4], 'ab' * 700 + 'c']
for pattern in patterns:
    p = re.compile(pattern)
    found = [[m.span() for m in p.finditer(text)] for text in texts]
    for _ in range(10):
        assert found == [[m.span() for m in p.finditer(text)] for text in texts]
        # One place at a time, without a search.
        for text, spans in zip(texts[:10], found):
            for at in range(len(text) + 1):
                m = p.match(text, at)
                first = p.search(text, at)
                if m:
                    assert first.span() == m.span(), (pattern, text, at)
                elif first:
                    assert first.start() > at
    print(pattern.encode('ascii', 'backslashreplace').decode(), [len(f) for f in found], found[0][:3], found[-1][-2:])
m = re.match(r'(a)|(b)', 'b')
print(m.regs, m.groups(), m.span(1), m.start(2), m.lastindex, m)
m = re.match('(.)(.)(.)(.)(x)?', 'abcd')
print(m.regs, m.groups('-'), m[3])
