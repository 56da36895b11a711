"""The text of a UnicodeError whose fields were overwritten, before or while it is made."""


def make(cls, reason="why"):
    if cls is UnicodeTranslateError:
        return cls("abc", 0, 1, reason)
    return cls("enc", b"abc" if cls is UnicodeDecodeError else "abc", 0, 1, reason)


def text(e):
    try:
        print(str(e))
    except TypeError as error:
        print("TypeError", error)


class Evil(str):
    def __str__(self):
        act(exc)
        return self


for cls in UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError:
    for name in "object", "encoding", "reason":
        for value in None, 1, "x", b"x", ...:
            e = make(cls)
            if value is ...:
                if hasattr(e, name):
                    delattr(e, name)
            else:
                setattr(e, name, value)
            text(e)
    for act in (lambda e: setattr(e, "object", None)), (lambda e: delattr(e, "object")):
        exc = make(cls, Evil("evil"))
        text(exc)
