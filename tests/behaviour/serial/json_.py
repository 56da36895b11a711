# Messages and results of _json: scanner, encoder, strings.
import _json, json
def t(f,*a,**k):
    try: print(f(*a,**k))
    except BaseException as e: print(type(e).__name__, e, getattr(e,'__notes__',None))
d=json.dumps
t(d,[{"a":[object()]}])
t(d,[{"a":[1j]}], default=lambda o: [object()] if type(o) is complex else 1/0)
a=[];a.append(a)
t(d,{1:a})
t(d,{1:{1j:2}})
t(_json.make_encoder,3,None,None,3,"","",1,1,1)
t(_json.make_encoder,None,None,None,None,3,"",1,1,1)
t(_json.make_encoder(None,None,lambda s:3,None,"","",1,1,1),"a",0)
t(json.JSONDecoder().scan_once)
t(d,{"a":[1,2.5,-3,None,True,False,"é\u2028😀\x00\x7f\"\\"],2:3,1.5:2,None:1,True:2,False:3,10**30:1}, indent=2)
t(d,{"a":[1,2.5,-3,None,True,False,"é\u2028😀\x00\x7f\"\\"]}, ensure_ascii=False, separators=(',',':'))
t(d,{"b":1,"a":2},sort_keys=True, indent="\t")
t(d,[float('nan'),float('inf'),-float('inf')]); t(d,[float('nan')],allow_nan=False); t(d,{float('inf'):1},allow_nan=False)
t(d,{(1,2):1,"x":1},skipkeys=True); t(d,{(1,2):1},skipkeys=True,indent=1); t(d,[[],{},()],indent=1)
class D(dict):
    def items(self): return [(1,2),(3,)]
t(d,D(a=1))
class I(int):
    def __repr__(self): return 'x'
t(d,[I(5),{I(5):I(6)}])
l=json.loads
for s in ['','[','{','[1,','[1,]','{"a"','{"a":','{"a":1','{"a":1,','{"a":1,}','{1:2}','nul','-','-x','01','1.','1.5e','1e5','-0','-0.0','"abc','"a\\','"a\\u12','"a\\u123"','"a\\ud83d\\ude00"','"\\ud83d\\u0041"','"\\ud83d"','"\\x"','"\n"','NaN','Infinity','-Infinity','[1 2]','{"a" 1}','1 2',' [ 1 , {"é":"ü"} ] ','123456789012345678','12345678901234567890123','-123456789012345678','1e400','"\\ud83d\\u"', '"\\ud83d\\uzzzz"','5', '"\\ud83d\\u0041', '1.5', '{"a":1}x']:
    t(l,s)
t(l,'1'*5000)
t(l,'[{"a":1},{"a":2}]',object_hook=lambda x:(x,)); t(l,'[{"a":1},{"a":2}]',object_pairs_hook=lambda x:x)
t(l,'[1.5,2,NaN]',parse_float=str,parse_int=lambda x:x+'i',parse_constant=lambda x:x)
r=l('[{"abc":1},{"abc":2}]'); print(list(r[0])[0] is list(r[1])[0])
t(json.JSONDecoder(strict=False).decode,'"\n\t"'); t(json.JSONDecoder().raw_decode,'  1',2); t(json.JSONDecoder().raw_decode,'1',-1); t(json.JSONDecoder().raw_decode,'1',5)
t(_json.scanstring,'abc',0); t(_json.scanstring,'abc"',-1); t(_json.scanstring,'abc"',0); t(_json.encode_basestring_ascii, 3)
