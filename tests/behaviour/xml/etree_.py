"""xml.etree.ElementTree over its native module."""
import copy, gc, io, pickle, weakref
import xml.etree.ElementTree as ET
import _elementtree

print(ET.Element is _elementtree.Element, ET.Element.__module__, ET.ParseError.__mro__[1])
root = ET.fromstring('<a x="1" xmlns:p="u">A<b y="2">B</b>t<p:c p:q="3"><b/></p:c>C<!--no--></a>')
print(ET.tostring(root), [e.tag for e in root.iter()], [e.tag for e in root.iter('b')], list(root.itertext()))
print(root.find('b').text, root.findtext('b'), root.findtext('z', 'none'), len(root.findall('b')), [e.tag for e in root.iterfind('.//b')])
print(root.get('x'), root.get('z', 5), root.keys(), root.items(), root.attrib, len(root), root[0].tag, root[-1].tag, [e.tag for e in root[::-1]])


def tried(f):
    try:
        return f()
    except Exception as e:
        return type(e).__name__, str(e)


e = ET.Element('e', {'k': 'v'}, extra='x')
for f in (lambda: ET.Element(), lambda: ET.Element('a', 1), lambda: ET.Element('a', attrib=1), lambda: ET.Element(1, 2, 3), lambda: ET.SubElement('a', 'b'),
          lambda: ET.SubElement(e), lambda: e.append('x'), lambda: e.append(), lambda: e.extend([1]), lambda: e.extend(5), lambda: e.insert(0, 'x'), lambda: e.remove(e),
          lambda: e[0], lambda: e['x'], lambda: e.__setitem__(0, e), lambda: e.__setitem__(slice(0, 0), [1]), lambda: e.__setitem__(slice(None), 5),
          lambda: e.__delitem__(3), lambda: setattr(e, 'attrib', 5), lambda: delattr(e, 'text'), lambda: e.makeelement('x', 5), lambda: e.__setstate__(5),
          lambda: e.__setstate__({'tag': 'x', 'foo': 1}), lambda: e.__setstate__({'tag': 'x', '_children': [1]}), lambda: e.__deepcopy__(5), lambda: e.undefined):
    print(tried(f))
print(e.attrib, e.makeelement('m', {'a': 'b'}).attrib, ET.SubElement(e, 'sub', {'p': 'q'}, r='s').attrib)
e[:] = [ET.Element(str(i)) for i in range(8)]
print(tried(lambda: e.__setitem__(slice(0, 6, 2), [e])))
del e[1:6:2]
print([c.tag for c in e])
del e[::-3]
print([c.tag for c in e])
e[1:1] = [ET.Element('new')]
e.insert(-1, ET.Element('near the end'))
e.insert(100, ET.Element('end'))
print([c.tag for c in e])
e.clear()
print(e.attrib, len(e), e.text, e.tag, repr(e)[:12])

# Copies and pickles.
tree = ET.fromstring('<a x="1">t<b>u</b>v</a>')
shallow, deep, pickled = copy.copy(tree), copy.deepcopy(tree), pickle.loads(pickle.dumps(tree))
print(shallow[0] is tree[0], deep[0] is tree[0], ET.tostring(deep), ET.tostring(pickled), tree.__getstate__()['attrib'], sorted(tree.__getstate__()))

# Weak references and cycles.
r = weakref.ref(tree)
tree.append(tree)
del tree
print(r() is None, gc.collect() > 0, r() is None)

# Builders.
b = ET.TreeBuilder()
b.data('before')
b.start('a', {'x': '1'})
b.data('one')
b.data('two')
b.start('b', {})
b.end('b')
b.data('tail')
b.comment('c')
b.pi('target', 'text')
b.end('a')
print(ET.tostring(b.close()), tried(lambda: b.end('a')), tried(lambda: b.start('second', {})))
b = ET.TreeBuilder(insert_comments=True, insert_pis=True)
print(ET.tostring(ET.XML('<?p before?><a>x<!--c-->y<?pi data?>z</a>', ET.XMLParser(target=b))))


class Target:
    def __getattr__(self, name):
        if name.startswith('_'):
            raise AttributeError(name)
        return lambda *args: print('  ', name, args)


parser = ET.XMLParser(target=Target())
parser.feed('<!DOCTYPE a SYSTEM "s"><a xmlns="u" b="1">x<!--c--><?p d?>')
parser.feed(b'&lt;</a>')
print(parser.close(), parser.entity, parser.version)

# Entities and errors.
parser = ET.XMLParser()
parser.entity['nope'] = 'yes'
parser.feed('<!DOCTYPE a SYSTEM "s"><a>&nope;</a>')
print(parser.close().text)
for text in ('<!DOCTYPE a SYSTEM "s"><a>&nope;</a>', '<a>&nope;</a>', '<a', '<a></b>', '', b'<?xml version="1.0" encoding="big5"?><a/>'):
    try:
        ET.fromstring(text)
    except (ET.ParseError, ValueError) as e:
        print(type(e).__name__, e, getattr(e, 'code', None), getattr(e, 'position', None))
print(tried(lambda: ET.XMLParser.__new__(ET.XMLParser).feed('x')), tried(lambda: ET.XMLParser().feed(5)))

# Events.
source = io.BytesIO(b'<a xmlns:p="u"><b>x</b><!--c--><?p d?><p:c/></a>')
for event, elem in ET.iterparse(source, ('start', 'end', 'start-ns', 'end-ns', 'comment', 'pi')):
    print(event, elem if isinstance(elem, (tuple, type(None))) else elem.tag if isinstance(elem.tag, str) else elem.text)
pull = ET.XMLPullParser(('end',))
for piece in ('<a><b', '/><c>', 'text</', 'c></a>'):
    pull.feed(piece)
    print([(event, elem.tag) for event, elem in pull.read_events()])
print(tried(lambda: pull._setevents([], ('nonsense',))), tried(lambda: ET.XMLParser()._setevents([], ('nonsense',))))
for encoding in ('utf-8', 'iso-8859-1', 'utf-16', 'koi8-r'):
    data = ('<?xml version="1.0" encoding="%s"?><a b="\u00b0">\u00b7</a>' % encoding).encode(encoding)
    print(encoding, ET.fromstring(data).attrib, ET.fromstring(data).text)
print(ET.parse(io.StringIO('<?xml version="1.0" encoding="iso-8859-1"?><a>\u00e4</a>')).getroot().text)
