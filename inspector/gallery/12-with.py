# with calls __enter__ and __exit__, whatever happens in between.
class Step:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        print("enter", self.name)
        return self

    def __exit__(self, kind, error, traceback):
        print("exit", self.name, kind and kind.__name__)
        return kind is KeyError


with Step("outer"), Step("inner") as inner:
    print("inside", inner.name)
    {}["missing"]
print("after")
