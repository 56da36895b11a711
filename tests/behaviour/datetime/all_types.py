# Results and messages of _datetime's types.
import datetime as d
from datetime import *
def t(f,*a,**k):
    try: print(repr(f(*a,**k)))
    except BaseException as e: print(type(e).__name__, e)
t(date); t(date,2020); t(date,2020,1,1,1); t(date,2020,13,1); t(date,2021,2,29); t(date,0,1,1); t(date,"a",1,1); t(date,2020,1,day=1.5); t(date,year=1,month=2,days=3)
t(datetime,2020,1,1,25); t(datetime,2020,1,1,fold=2); t(datetime,2020,1,1,tzinfo=3); t(time,24); t(time,1,60); t(time,tzinfo=3); t(time,1,1,1,1,None,1)
t(timedelta,1,2,3,4,5,6,7); t(timedelta,"a"); t(timedelta,days=1e10); t(timedelta,days=10**10); t(timedelta,float('nan')); t(timedelta,float('inf')); t(timedelta,days=10**30); t(timedelta,0.5,0.5,0.5); t(timedelta,microseconds=2.5); t(timedelta, foo=1)
x=timedelta(3,4,5); y=timedelta(1,2,3)
import operator as o
for f in (o.add,o.sub,o.mul,o.truediv,o.floordiv,o.mod,divmod,o.lt,o.eq):
    for a,b in ((x,y),(x,3),(3,x),(x,2.5),(x,timedelta(0)),(x,0),(x,0.0),(x,"a"),(x,float('nan')),(x,float('inf')),(x, 10**20)):
        t(f,a,b)
t(hash,x); t(str,x); t(str,-x); t(abs,-x); t(bool,timedelta()); t(x.total_seconds); t(timedelta.max.total_seconds); t(lambda: timedelta.min-timedelta(0,0,1))
z=timezone(timedelta(hours=2),"foo")
t(timezone); t(timezone,3); t(timezone,timedelta(1)); t(timezone,timedelta(-1)); t(timezone,timedelta(0),"a"); t(timezone, timedelta(0)); t(timezone,timedelta(0),3); t(repr,z); t(str,timezone(timedelta(0,-3661,-5))); t(z.utcoffset,3); t(z.tzname,3); t(z.dst,3); t(z.fromutc,3); t(z.fromutc,datetime(1,1,1)); t(tzinfo().utcoffset,None); t(tzinfo().fromutc,1); t(tzinfo().fromutc,datetime.min)
a=datetime(2020,1,2,3,4,5,6); b=datetime(2021,1,2,tzinfo=z); c=datetime(2021,1,2,tzinfo=timezone.utc)
for f in (o.add,o.sub,o.lt,o.eq,o.ne):
    for p,q in ((a,b),(b,c),(a,x),(x,a),(a,1),(a,date(2020,1,2)),(date(2020,1,2),date(2020,1,3)),(date(2020,1,2),x),(x,date(2020,1,2)),(datetime.max,x),(date.min,-x)): t(f,p,q)
class TZ(tzinfo):
    def __init__(s,*a): s.a=a
    def utcoffset(s,dt): return s.a[0]
    def dst(s,dt): return s.a[1]
    def tzname(s,dt): return s.a[2]
for v in (3,timedelta(1),timedelta(-1),None,timedelta(0,61),timedelta(0,61,5)):
    q=a.replace(tzinfo=TZ(v,v,v)); 
    for f in (q.utcoffset,q.dst,q.tzname,q.isoformat,q.timestamp,q.utctimetuple,q.timetz): 
        try: r=repr(f())
        except BaseException as e: r=(type(e).__name__, str(e))
        print(str(r).split(' tzinfo=')[0])
    t(lambda: TZ(v,v,v).fromutc(a.replace(tzinfo=None))); 
for s in ("2020-01-01","20200101","2020-W01-1","2020-W54","2020-13-01","","2020-1-1","2020-01-01T00:00","2020-01-01T24:00","2020-12-31T24:00","2020-01-01T24:01","2020-01-01x12","2020-01-01T12:60","2020-01-01T12:00+25:00","2020-01-01T12:00:00.123456789-01:02:03.5","2020-01-01T1200Z","20200101T12","2020W011T12","2020-W01T12", "2020-01-01T12:00Zx","2020-01-01T","\ud800","2020-01-01\ud80012:00","9999-12-31T24:00", "2020-02-30T24:00", "12:30","T12:30:15,5","123015.5+01","24:00","24:01","25","1:2"):
    t(datetime.fromisoformat,s); t(date.fromisoformat,s); t(time.fromisoformat,s)
t(date.fromisoformat,3); t(datetime.fromisoformat,3); t(time.fromisoformat,b'1'); t(date.fromisocalendar,2020,54,1); t(date.fromisocalendar,2020,53,8); t(date.fromisocalendar,0,53,8); t(date.fromisocalendar,10**40,1,1); t(date.fromisocalendar,9999,52,6); t(date.fromordinal,0); t(date.fromordinal,10**7); t(date.fromordinal,10**20)
t(date.fromtimestamp,1e20); t(date.fromtimestamp,'a'); t(date.fromtimestamp,float('nan')); t(datetime.fromtimestamp,1e20); t(datetime.fromtimestamp,1.9999995,timezone.utc); t(datetime.fromtimestamp,-1.5,timezone.utc); t(datetime.fromtimestamp,10**20); t(datetime.fromtimestamp,2,3); t(datetime.fromtimestamp,253402300800,timezone.utc); t(datetime.fromtimestamp,-62135596801,timezone.utc); t(datetime.fromtimestamp,10**14,timezone.utc)
t(a.isoformat,'ab'); t(a.isoformat,' ','hours'); t(a.isoformat,timespec='x'); t(a.isoformat,'\u1234','milliseconds'); t(a.time().isoformat,'x'); t(a.strftime,'%Y %f %z %:z %Z %% %q'); t(b.strftime,'%z %:z %Z %G-%V'); t(datetime(5,1,1).strftime,'%Y %C %F %G'); t(a.strftime,3); t(format,a,'%H'); t(format,a,''); t(a.__format__,3)
t(a.date().isocalendar); t(tuple,a.isocalendar()); t(a.isocalendar().__reduce__); t(a.ctime); t(date.min.ctime); t(a.timetuple); t(b.utctimetuple); t(a.replace,year=0); t(a.replace,tzinfo=1); t(a.replace,fold=1); t(a.__replace__,year=5); t(a.__reduce_ex__,4); t(a.replace(fold=1).__reduce_ex__,4); t(a.replace(fold=1).__reduce_ex__,3); t(datetime,b'\x07\xe4\x81\x02\x03\x04\x05\x00\x00\x06'); t(datetime,b'\x07\xe4\x81\x02\x03\x04\x05\x00\x00\x06',3); t(date,b'\x07\xe4\x01\x02'); t(date,'\x07\u01e4\x01\x02'); t(date,b'\x07\xe4\x0d\x02'); t(time,b'\x83\x04\x05\x00\x00\x06'); t(time,b'123456')
t(datetime.combine,1,2); t(datetime.combine,date.min,2); t(datetime.combine,date.min,time(1),z); t(datetime.combine,date.min,time(1),3); t(a.astimezone,3); t(b.astimezone,timezone.utc); t(b.astimezone,z);
t(datetime.strptime,"2020-01-02","%Y-%m-%d"); t(date.strptime,"2020-01-02","%Y-%m-%d"); t(time.strptime,"10:20","%H:%M"); t(datetime.strptime,"x","%Y"); t(datetime.strptime,1,2)
t(hash,b); t(lambda: a.time()<b.timetz()); t(lambda: a.time()==b.timetz()); t(lambda: b.timetz()<c.timetz()); t(lambda: a<a.date()); t(lambda: a.date()<a)
class D(date):
    pass
class DT(datetime): pass
t(D,1,2,3); t(lambda: D(1,2,3)+timedelta(1)); t(DT,1,2,3); t(lambda: DT(1,2,3)+timedelta(1)); t(DT(1,2,3).date); t(lambda: DT(1,2,3).replace(year=5,fold=1)); t(lambda: type('T',(timezone,),{})); t(d.UTC.__reduce__); t(z.__reduce__); t(z.__getinitargs__); t(timedelta.__new__,int); t(lambda: setattr(a,'year',3)); t(lambda: timedelta(1).days.__class__); t(date.today().__class__); t(time.fromisoformat,'00:00+24:00'); t(lambda: timedelta(1)/timedelta(0)); t(lambda: timedelta(1)*1j)
