"""Errors of pyexpat: codes, places, and what handlers and limits do."""
import pyexpat
import io

WRONG = [
    '', ' ', 'x', '<', '<a', '<a>', '<a></b>', '<a/><b/>', '<a b=1/>', '<a b="1" b="2"/>', '<a b="<"/>', '<a>&</a>', '<a>&b;</a>',
    '<a>&#0;</a>', '<a>&#x110000;</a>', '<a>]]></a>', '<a><![CDATA[x</a>', '<a><!-- x -- y --></a>', '<!-- x', '<?xml?><a/>',
    '<?xml version="2.0"?><a/>', '<?xml version="1.0" encoding="1"?><a/>', '<?xml version="1.0" standalone="maybe"?><a/>',
    ' <?xml version="1.0"?><a/>', '<a><?xml version="1.0"?></a>', '<?XML x?><a/>', '<a>\0</a>', '<a>\x1f</a>', '<a:b:c/>',
    '<!DOCTYPE a [<!ENTITY a "&a;">]><a>&a;</a>', '<!DOCTYPE a [<!ENTITY a "</a>">]><a>&a;', '<!DOCTYPE a [<!ENTITY a "<b>">]><a>&a;</b></a>',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "c">]><a d="&b;"/>', '<!DOCTYPE a [<!ENTITY b SYSTEM "c" NDATA n>]><a>&b;</a>',
    '<!DOCTYPE a [<!ENTITY b "%c;">]><a/>', '<!DOCTYPE a [<!ELEMENT a (b,c|d)>]><a/>', '<!DOCTYPE a PUBLIC "{}" "b"><a/>',
    '<!DOCTYPE a [<!ENTITY % p "<!ENTITY "> %p;]><a/>', '<!DOCTYPE a [<!FOO>]><a/>', '<!DOCTYPE a []', '<!DOCTYPE',
]
SPACES = ['<p:a/>', '<a p:b=""/>', '<a xmlns:p=""/>', '<a xmlns:xmlns="x"/>', '<a xmlns:xml="x"/>',
          '<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>', '<a xmlns="http://www.w3.org/2000/xmlns/"/>',
          '<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>', '<a:b:c/>', '<a xmlns:p="u v"/>', '<a xmlns:p="u"></p:a>']


def outcome(text, separator=None, **settings):
    parser = pyexpat.ParserCreate(None, separator)
    parser.SetParamEntityParsing(2)
    for name, value in settings.items():
        setattr(parser, name, value)
    try:
        return parser.Parse(text, True)
    except pyexpat.ExpatError as e:
        return e.code, str(e), e.lineno, e.offset, parser.ErrorCode, parser.ErrorByteIndex


for text in WRONG:
    print(repr(text), outcome(text), outcome('\n' + text if text.startswith('<!D') else text, ' '))
for text in SPACES:
    print(repr(text), outcome(text, ' '))
for text in (b'<a>\xc3</a>', b'<a>\xed\xa0\x80</a>', b'<a>\xef\xbf\xbf</a>', b'<a>\xf4\x90\x80\x80</a>', b'\xff\xfe<\0a', b'<a>\xc3'):
    print(text, outcome(text))

# After the end, after an error.
parser = pyexpat.ParserCreate()
print(parser.Parse('<a/>', True))
for _ in range(2):
    try:
        parser.Parse('<a/>')
    except pyexpat.ExpatError as e:
        print(e, e.code)
parser = pyexpat.ParserCreate()
for _ in range(2):
    try:
        parser.Parse('<a></b>')
    except pyexpat.ExpatError as e:
        print(e, e.code, parser.CurrentByteIndex)
try:
    parser.UseForeignDTD()
except pyexpat.ExpatError as e:
    print(e, e.code)
print(parser.SetParamEntityParsing(1), pyexpat.ErrorString(4), pyexpat.ErrorString(0), pyexpat.ErrorString(99))

# Exceptions in handlers stop the parser, and there are no handlers any more.
class Stop(Exception):
    pass


def stop(*args):
    raise Stop(args)


for name in ('StartElementHandler', 'EndElementHandler', 'CharacterDataHandler', 'CommentHandler', 'DefaultHandler'):
    parser = pyexpat.ParserCreate()
    parser.buffer_text = True
    setattr(parser, name, stop)
    try:
        parser.Parse('<a b="1">text<!--c--></a>', True)
    except Stop as e:
        names, tb = [], e.__traceback__
        while tb:
            names.append(tb.tb_frame.f_code.co_name)
            tb = tb.tb_next
        print(name, e, getattr(parser, name), names)

# Limits.
LAUGHS = '<!DOCTYPE a [<!ENTITY a "%s">%s]><a>&a%d;</a>'
doc = LAUGHS % ('x' * 100, ''.join(f'<!ENTITY a{i} "{"&a%s;" % (i - 1 if i else "") * 10}">' for i in range(6)), 5)
print(outcome(doc))
for threshold, factor in ((0, 1.0), (100, 2.5), (10**6, 1.0), (10**9, 1.0)):
    parser = pyexpat.ParserCreate()
    parser.SetBillionLaughsAttackProtectionActivationThreshold(threshold)
    parser.SetBillionLaughsAttackProtectionMaximumAmplification(factor)
    small = LAUGHS % ('x' * 100, '<!ENTITY a0 "&a;&a;">', 0)
    try:
        print(threshold, factor, parser.Parse(small, True))
    except pyexpat.ExpatError as e:
        print(threshold, factor, e)
child = pyexpat.ParserCreate().ExternalEntityParserCreate(None)
for call in (lambda: child.SetBillionLaughsAttackProtectionMaximumAmplification(2.0),
             lambda: pyexpat.ParserCreate().SetAllocTrackerMaximumAmplification(0.5),
             lambda: pyexpat.ParserCreate().SetAllocTrackerActivationThreshold(-1),
             lambda: pyexpat.ParserCreate(namespace_separator='ab'), lambda: pyexpat.ParserCreate(intern=1),
             lambda: pyexpat.ParserCreate().Parse(1), lambda: pyexpat.ParserCreate().Parse('\ud800'),
             lambda: pyexpat.ParserCreate().ParseFile(1), lambda: pyexpat.ParserCreate().ParseFile(io.StringIO('<a/>')),
             lambda: setattr(pyexpat.ParserCreate(), 'buffer_size', 0), lambda: delattr(pyexpat.ParserCreate(), 'buffer_text'),
             lambda: pyexpat.XMLParserType()):
    try:
        call()
    except Exception as e:
        print(type(e).__name__, e)
