# Rows, dialects and messages of _csv.
import _csv, csv, io
def t(f,*a,**k):
    try: print(f(*a,**k))
    except BaseException as e: print(type(e).__name__, e)
def rd(lines,**k):
    t(lambda: list(_csv.reader(lines,**k)))
for s in ['a,b,c\r\n','"a""b",c\n','a\n\n b, c','','"a\nb",c','a,"b" x,c','"a',"1,2.5,'x'",'a\rb','a\\,b','x\0y', '"é","\U0001f600"','a,,','""']:
    rd([s]); rd(s.splitlines(True)); rd([s],strict=True); rd([s],quoting=2); rd([s],quoting=3); rd([s],quoting=4); rd([s],quoting=5); rd([s],escapechar='\\'); rd([s],skipinitialspace=True); rd([s],doublequote=False,escapechar='\\'); rd([s],delimiter=' ')
rd([b'a']); rd([3])
def wr(row,**k):
    f=io.StringIO()
    try: r=_csv.writer(f,**k).writerow(row); print(repr(f.getvalue()),r)
    except BaseException as e: print(type(e).__name__, e)
for row in (['a','b'],['a,b','c"d'],[1,2.5,None],[None],[''],[],['a\nb'],['a\rb'],['\\'],['é\U0001f600'],[' '],['x',''],3,'abc',[float('nan')],['','']):
    for k in ({},)+tuple({'quoting':q} for q in range(1,6))+({'escapechar':'\\'},{'quoting':3,'escapechar':'\\'},{'doublequote':False,'escapechar':'\\'},{'delimiter':' ','skipinitialspace':True},{'lineterminator':'!'},{'quotechar':None,'quoting':3}):
        wr(row,**k)
t(_csv.reader([]).dialect.delimiter.__len__); r=_csv.reader(['a','b']); next(r); print(r.line_num); t(_csv.field_size_limit,3); rd(['abcd']); t(_csv.field_size_limit,131072)
_csv.register_dialect('x',delimiter=';'); print(_csv.list_dialects(), _csv.get_dialect('x').delimiter); rd(['a;b'],dialect='x'); t(_csv.unregister_dialect,'x')
D=_csv.Dialect
for k in ('delimiter','quotechar','escapechar','lineterminator','quoting','doublequote','strict','skipinitialspace'):
    for v in (None,'','ab',3,b'x',' ','\n','\r',6,-1,'a'):
        try: d=D(**{k:v}); print(k,repr(v),'ok',repr(getattr(d,k)))
        except BaseException as e: print(k,repr(v),type(e).__name__, e)
t(D,delimiter='"'); t(D,delimiter='a',escapechar='a'); t(D,quotechar='a',escapechar='a'); t(D,delimiter='a',lineterminator='ba'); t(D,quotechar='a',lineterminator='ba'); t(D,escapechar='a',lineterminator='ba'); t(D,quotechar=' ',skipinitialspace=True); t(D,escapechar=' ',skipinitialspace=True); t(D,quotechar=None,quoting=1); t(D,foo=1); t(D,'nope'); t(_csv.reader,3); t(_csv.reader); t(_csv.writer,3); t(_csv.writer); t(_csv.register_dialect,3); t(_csv.get_dialect,'x'); t(_csv.unregister_dialect,'x'); t(_csv.get_dialect,[]); t(_csv.field_size_limit,'a'); t(_csv.field_size_limit,2**70); t(_csv.field_size_limit,1,2); t(_csv.Reader); import copy; t(copy.copy,D()); import pickle; t(pickle.dumps,D())
