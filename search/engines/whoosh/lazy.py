"""Values of a search that are worked out when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    lazy = cached_property
else:

    class lazy:  # noqa: N801 - a decorator
        """Like functools.cached_property, without the lock that it takes before Python 3.12."""

        def __init__(self, method: Callable[[Any], Any]) -> None:
            self._method, self.__doc__ = method, method.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            """Take note of the name."""
            self._name = name

        def __get__(self, holder: Any, owner: type) -> Any:  # noqa: ANN401 - of whatever the method gives
            """Work the value out, and leave it in its holder."""
            if holder is None:
                return self
            value = holder.__dict__[self._name] = self._method(holder)
            return value
