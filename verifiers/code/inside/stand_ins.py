"""What stands in a test program for what is the candidate's, and for what is not known yet.

    Name     a function or a class by its name
    Thing    an object that cannot cross the border: what is done with it is done over there
    Unknown  the result of something that has not been done yet

None of them crosses the border as a value. A `Thing` equals no plain value, and has no order and no
arithmetic with one, whatever its class says: the candidate's `__eq__` would always say yes, and its `__sub__`
would say 0. Two of them are compared and combined by their own class; a test that does so asks for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol


class Session(Protocol):
    """Has things done in the candidate's process."""

    def make(self, on: Any, do: str, *args: Any, **kwargs: Any) -> Any:
        """Do an operation on a name or a place and return its result."""

    def guess(self) -> None:
        """Note that something was asked of an unknown result."""


class Unknown:
    """Whatever is done with it is unknown too, and true; as a number or a length it is 1."""

    def __init__(self, session: Session, call: Callable[..., Any] | None = None) -> None:
        self._session, self._call = session, call

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._unknown()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._unknown() if self._call is None else self._call(*args, **kwargs)

    def _unknown(self, *_: Any) -> Unknown:
        self._session.guess()
        return Unknown(self._session)

    def _true(self, *_: Any) -> bool:
        self._session.guess()
        return True

    def _one(self, *_: Any) -> int:
        self._session.guess()
        return 1

    def __iter__(self) -> Iterator[Any]:
        return iter([self._unknown()])

    def __float__(self) -> float:
        return 1.0

    def __hash__(self) -> int:
        return 0

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _unknown
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __and__ = __rand__ = _unknown
    __or__ = __ror__ = __xor__ = __rxor__ = __neg__ = __abs__ = __round__ = __getitem__ = _unknown
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _true  # type: ignore[assignment]
    __len__ = __index__ = __int__ = _one


class Thing:
    """An object of the candidate's, by the place it came from."""

    __slots__ = ("__place", "__session")

    def __init__(self, session: Session, place: Any) -> None:
        object.__setattr__(self, "_Thing__session", session)
        object.__setattr__(self, "_Thing__place", place)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__session.make(self.__place, "get", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__session.make(self.__place, "set", name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__session.make(self.__place, "call", *args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self.__session.make(self.__place, "item", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.__session.make(self.__place, "set_item", key, value)

    def __len__(self) -> int:
        return self.__plain("len", int, 1)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.__plain("list", list, []))

    def __bool__(self) -> bool:
        return self.__plain("bool", bool, True)

    def __str__(self) -> str:
        return self.__plain("str", str, "")

    def __repr__(self) -> str:
        return self.__plain("repr", str, "")

    def __eq__(self, other: object) -> bool:
        return self.__with("eq", other)

    def __ne__(self, other: object) -> bool:
        return self.__with("ne", other)

    def __lt__(self, other: object) -> bool:
        return self.__with("lt", other)

    def __le__(self, other: object) -> bool:
        return self.__with("le", other)

    def __gt__(self, other: object) -> bool:
        return self.__with("gt", other)

    def __ge__(self, other: object) -> bool:
        return self.__with("ge", other)

    def __add__(self, other: object) -> Any:
        return self.__with("add", other)

    def __sub__(self, other: object) -> Any:
        return self.__with("sub", other)

    def __mul__(self, other: object) -> Any:
        return self.__with("mul", other)

    def __hash__(self) -> int:
        return 0

    def __plain(self, do: str, kind: type, guess: Any) -> Any:
        """A result that Python wants to be of one type, and that is a guess while it is unknown."""
        result = self.__session.make(self.__place, do)
        if isinstance(result, Unknown):
            return guess
        if type(result) is not kind:
            raise TypeError(f"{do} gave no {kind.__name__}")
        return result

    def __with(self, do: str, other: object) -> Any:
        return self.__session.make(self.__place, do, other) if isinstance(other, Thing) else NotImplemented

    @staticmethod
    def place_of(thing: Thing) -> Any:
        return thing.__place


class Name:
    """A function or a class of the candidate's."""

    def __init__(self, session: Session, name: str) -> None:
        self.__session = session
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__session.make(self.__name__, "call", *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__session.make(self.__name__, "get", name)

    def __instancecheck__(self, item: object) -> bool:
        return isinstance(item, Unknown) or (
            isinstance(item, Thing) and self.__session.make(self.__name__, "has_instance", item) is True
        )
