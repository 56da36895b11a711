def counter(start, /, *steps, by=1, **rest):
    total = start

    def add(n):
        nonlocal total
        total += n * by
        return total

    try:
        return [add(s) for s in steps if s], lambda: total
    except (TypeError, ValueError) as error:
        raise RuntimeError('no') from error
    finally:
        del start


class Point[T]:
    x: T
    __slots__ = 'x',

    async def move(self, by):
        async with by as b:
            async for c in b:
                yield c, await self.x

    def __eq__(self, other):
        match other:
            case Point(x=x) if x == self.x:
                return True
            case {'x': 1, **rest} | [1, *rest]:
                return rest
        return super().__eq__(other)
