"""Modules that are read when something of them is first used: most starts of the service need nothing of them.

They are imported as any other, at the head of a file, and so the import floors see them. What uses them while it is
itself imported, in an annotation or a default, has them read then.
"""

import sys
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

_reading = RLock()
_unread: set[str] = set()


class _Unread(ModuleType):
    """A module of which only the name and the place are known, until something else of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        # Others wait until it is read; what it imports may ask for something of it meanwhile.
        with _reading:
            spec = self.__spec__
            if spec is not None and spec.loader is not None and spec.name in _unread:
                _unread.remove(spec.name)
                spec.loader.exec_module(self)
        return super().__getattribute__(name)


def read(*names: str) -> None:
    """Have modules read when something of them is first used, from here on."""
    for name in names:
        spec = find_spec(name)
        if spec is None or name in sys.modules:
            continue
        module = module_from_spec(spec)
        module.__class__ = _Unread
        _unread.add(name)
        sys.modules[name] = module
