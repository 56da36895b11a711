"""External entities: the parsers for them, contexts, parameter entities, what is skipped and what is asked."""
import pyexpat

FILES = {
    'ext.ent': b'<?xml encoding="utf-8"?>ext <k>text</k>&h;',
    'ext.dtd': b'<?xml version="1.0" encoding="utf-8"?><!ENTITY fromdtd "FD"><![INCLUDE[<!ENTITY inc "i">]]>'
               b'<![IGNORE[ <x ]] > <![ ]]> ]]><!ATTLIST r at CDATA "def"><!ENTITY % inner "<!ENTITY z \'zz\'>">%inner;'
               b'<!ENTITY % v "val"><!ENTITY vv "a%v;b">',
    'ext.pe': b"<!ENTITY viape 'VP'>",
}
DOCUMENT = b'''<!DOCTYPE r SYSTEM "ext.dtd" [<!ENTITY % p SYSTEM "ext.pe"> %p; <!ENTITY h "H">
<!ENTITY ext SYSTEM "ext.ent">]>
<r xmlns:n="u">&h;&fromdtd;&inc;&z;&vv;&viape;&ext;</r>'''


def run(document, parsing, answer=1, foreign=False, standalone=1):
    def hook(parser):
        for name in ('StartElement', 'EndElement', 'CharacterData', 'EntityDecl', 'SkippedEntity', 'StartDoctypeDecl', 'EndDoctypeDecl'):
            setattr(parser, name + 'Handler', lambda *args, name=name: print('   ', name, args))

        def external(context, base, system_id, public_id):
            print('    external', context and sorted(context.split('\f')), base, system_id, public_id)
            if system_id not in FILES:
                return answer
            child = parser.ExternalEntityParserCreate(context)
            hook(child)
            child.SetBase('base')
            print('    child:', child.Parse(FILES[system_id], True))
            return answer
        parser.ExternalEntityRefHandler = external

        def not_standalone():
            print('    not standalone')
            return standalone
        parser.NotStandaloneHandler = not_standalone
    parser = pyexpat.ParserCreate(None, ' ')
    parser.buffer_text = True
    parser.SetBase('here')
    print('  ', parser.SetParamEntityParsing(parsing), parser.GetBase())
    if foreign:
        parser.UseForeignDTD(True)
    hook(parser)
    try:
        print('  ', parser.Parse(document, True))
    except pyexpat.ExpatError as e:
        print('  ', e)


for parsing in (0, 1, 2):
    print('parsing', parsing)
    run(DOCUMENT, parsing)
print('refused')
run(DOCUMENT, 2, answer=0)
run(DOCUMENT, 2, standalone=0)
print('standalone')
run(b'<?xml version="1.0" standalone="yes"?>' + DOCUMENT, 1)
print('foreign')
run(b'<a>&x;</a>', 2, foreign=True)
run(b'<!DOCTYPE a><a/>', 2, foreign=True)
run(b'<!DOCTYPE a [<!ENTITY % v "x"><!ENTITY w "%v;">]><a/>', 2)
run(b'<!DOCTYPE a [%nope;<!ENTITY w "x">]><a>&w;</a>', 2)
run(b'<!DOCTYPE a [%nope;<!ENTITY w "x">]><a>&w;</a>', 0)
