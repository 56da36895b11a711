# What tokens at the end of a text show, with and without the tokens that only `tokenize` shows.
import _tokenize, io
for s in ["","\n","# c","# c\n","x","x\n\n","x\n# c","x\n# c\n","if x:\n  y\n# c\n\n","if x:\n  y\n\n\n","'''a\nb'''\n","'''a\nb'''\n#c\n","\\\n","x\\\n","\f\n","  ","  \n","if x:\n  y","(a,\n#c\n)\n#d"]:
    for kw in ({'extra_tokens':False},{'extra_tokens':True}):
        print(repr(s),kw)
        try:
            for t in _tokenize.TokenizerIter(io.StringIO(s).readline, **kw): print('  ',t)
        except Exception as e: print(type(e),e, getattr(e,'args',0))
