"""Accounts with descriptors, properties, a ledger as context manager, and errors that carry what was wrong."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import total_ordering


class Kind(Enum):
    DEPOSIT = "+"
    WITHDRAWAL = "-"
    INTEREST = "%"

    @property
    def sign(self):
        return -1 if self is Kind.WITHDRAWAL else 1


class Positive:
    """A number that is not below zero."""

    def __set_name__(self, owner, name):
        self.name = name
        self.slot = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.slot)

    def __set__(self, instance, value):
        if value < 0:
            raise ValueError(f"{self.name} is not to be {value}")
        setattr(instance, self.slot, value)


class InsufficientFunds(Exception):
    def __init__(self, account, wanted):
        super().__init__(f"{account.owner} has {account.balance} and wants {wanted}")
        self.missing = wanted - account.balance


@dataclass(frozen=True)
class Entry:
    kind: Kind
    amount: int

    def __str__(self):
        return f"{self.kind.value}{self.amount}"


@total_ordering
class Account:
    balance = Positive()
    opened = 0

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance
        self.entries = []
        type(self).opened += 1

    def __repr__(self):
        return f"{type(self).__name__}({self.owner!r}, {self.balance})"

    def __eq__(self, other):
        return isinstance(other, Account) and self.balance == other.balance

    def __lt__(self, other):
        return self.balance < other.balance

    def book(self, kind, amount):
        if kind is Kind.WITHDRAWAL and amount > self.balance:
            raise InsufficientFunds(self, amount)
        self.balance += kind.sign * amount
        self.entries.append(Entry(kind, amount))


class Savings(Account):
    rate = 3

    def book(self, kind, amount):
        super().book(kind, amount)
        if kind is Kind.DEPOSIT and (interest := amount * self.rate // 100):
            super().book(Kind.INTEREST, interest)


@dataclass
class Ledger:
    lines: list = field(default_factory=list)

    @contextmanager
    def transfer(self, giver, taker, amount):
        before = giver.balance, taker.balance
        self.lines.append(f"{giver.owner} gives {taker.owner} {amount}")
        try:
            giver.book(Kind.WITHDRAWAL, amount)
            taker.book(Kind.DEPOSIT, amount)
            yield self
        except Exception as error:
            giver.balance, taker.balance = before
            error.add_note("nothing was booked")
            self.lines.append(f"  failed: {error}")
            raise
        else:
            self.lines.append("  done")


ledger = Ledger()
ann, bob = Account("Ann", 100), Savings("Bob")
with ledger.transfer(ann, bob, 60) as book:
    book.lines.append(f"  now {ann.balance} and {bob.balance}")
try:
    with ledger.transfer(ann, bob, 50):
        print("this is not reached")
except InsufficientFunds as error:
    print(error, "-", error.missing, "are missing;", error.__notes__)
try:
    Account("Eve", -1)
except ValueError as error:
    print(error)
print(*ledger.lines, sep="\n")
print(sorted([ann, bob]), ann < bob, ann >= bob, Account.opened, Savings.opened)
print([str(entry) for entry in bob.entries], bob.entries[0] == Entry(Kind.DEPOSIT, 60), Kind("%"))
try:
    bob.entries[0].amount = 1
except AttributeError as error:
    print(type(error).__name__, error)
