"""Events of pyexpat with their positions, for documents in any pieces, encodings and settings."""
import pyexpat

HANDLERS = ['StartElement', 'EndElement', 'ProcessingInstruction', 'CharacterData', 'UnparsedEntityDecl', 'NotationDecl',
            'StartNamespaceDecl', 'EndNamespaceDecl', 'Comment', 'StartCdataSection', 'EndCdataSection', 'StartDoctypeDecl',
            'EndDoctypeDecl', 'EntityDecl', 'XmlDecl', 'ElementDecl', 'AttlistDecl', 'SkippedEntity']

DOCTYPE = b'''<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE a PUBLIC "x  y" "z" [
<!ENTITY e "some <b>t&#101;xt</b>"><!ENTITY f "&e;&e;"> <!ENTITY % pe "<!ENTITY g 'gg'>"> %pe;
<!ELEMENT a (b,(c|d)*,e+)> <!ELEMENT m (#PCDATA|x|y)*><!ELEMENT em EMPTY> <!ELEMENT an ANY>
<!ATTLIST a x CDATA "d&lt;f" y (p|q) #REQUIRED z NMTOKENS #IMPLIED n NOTATION (n|m) "n" w CDATA #FIXED "v">
<!NOTATION n SYSTEM "foo"><!NOTATION m PUBLIC "pub"> <!NOTATION o PUBLIC "pub" "sys">
<!ENTITY u SYSTEM "bar" NDATA n><!ENTITY ext SYSTEM "ext.ent">
<!-- comment --><?pi in dtd?>
]>
<a z = " 1
2  3 " y='q'><!-- c --><?pi  data ?>&e; t\xc3\xa9xt&amp;&f;<![CDATA[<x>]]>]]]<b/></a>
<!-- after --><?p?>
'''
NAMESPACES = b'<a xmlns="u" xmlns:p="v" p:x="1" y="2"><p:b xmlns:q="v" q:z="3"><c xmlns=""/></p:b><p:b/></a>'
LINES = b'<root>\r\n<x a="1\t2&#10;3&#xA;">\r<y/>text</x>\n\r&lt;&gt;&apos;&quot;</root>'


def show(data, *, encoding=None, separator=None, step=None, default=None, without=(), positions=True, **settings):
    parser = pyexpat.ParserCreate(encoding, separator)

    def handler(name):
        def tell(*args):
            where = (parser.CurrentLineNumber, parser.CurrentColumnNumber, parser.CurrentByteIndex) if positions else ''
            print(' ', name, args, *where)
        return tell
    for name in HANDLERS:
        if name not in without:
            setattr(parser, name + 'Handler', handler(name))
    if default:
        setattr(parser, default, handler(default))
    for name, value in settings.items():
        setattr(parser, name, value)
    try:
        if step:
            for i in range(0, len(data), step):
                parser.Parse(data[i:i + step])
            data = b''
        print(' ', parser.Parse(data, True), parser.CurrentByteIndex)
    except (pyexpat.ExpatError, LookupError, ValueError) as e:
        print(' ', type(e).__name__, e, getattr(e, 'code', None), parser.ErrorByteIndex)


print('a document type')
show(DOCTYPE)
print('in pieces')
show(DOCTYPE, step=7, buffer_text=True, ordered_attributes=True)
print('to the default handler')
show(DOCTYPE, default='DefaultHandler', without=('StartElement', 'EntityDecl', 'Comment', 'AttlistDecl', 'CharacterData'))
show(DOCTYPE, default='DefaultHandlerExpand', without=HANDLERS, positions=False)
print('namespaces')
for separator in (' ', '}', ''):
    show(NAMESPACES, separator=separator)
show(NAMESPACES, separator=' ', namespace_prefixes=True, specified_attributes=True)
show(b'<!DOCTYPE a [<!ATTLIST a xmlns CDATA "d" xmlns:p CDATA "pp" p:at CDATA "v">]><a/>', separator=' ')
print('line ends')
show(LINES)
show(LINES, step=1)
print('encodings')
for encoding in ('utf-16', 'utf-16-le', 'utf-16-be', 'utf-8-sig', 'iso-8859-1', 'iso-8859-15', 'koi8-r', 'cp1252'):
    text = '<?xml version="1.0" encoding="%s"?><a b="x">\xa4\n\xb6</a>' % encoding.replace('-sig', '').replace('-le', '').replace('-be', '')
    try:
        show(text.encode(encoding), step=5, default='DefaultHandler')
    except UnicodeEncodeError:
        print('  not in', encoding)
for encoding in ('utf-8', 'us-ascii', 'iso-8859-1', 'utf-16', 'latin1', 'big5', 'nonsense'):
    print(encoding)
    show(b'<?xml version="1.0" encoding="utf-8"?><a>\xc3\xa9</a>', encoding=encoding)
show(('<a>' + '\u00e9' * 1500 + '</a>').encode('latin-1'), encoding='iso-8859-1', positions=False)
