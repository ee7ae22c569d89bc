"""Modules that are executed when one of their attributes is first used, because most starts do not need them.

They are imported at the head of a file like any other module, so that the import contracts see them. A module that
uses one of their attributes at import time, in an annotation or a default value, has it executed then.
"""

import sys
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

_lock = RLock()
_deferred: set[str] = set()


class _DeferredModule(ModuleType):
    """A module that has only its name and spec until one of its other attributes is used."""

    def __getattr__(self, name: str) -> Any:
        # Other threads wait until the module is executed. The lock is reentrant, because modules that this one imports
        # may use its attributes.
        with _lock:
            spec = self.__spec__
            if spec is not None and spec.loader is not None and spec.name in _deferred:
                _deferred.remove(spec.name)
                spec.loader.exec_module(self)
        return super().__getattribute__(name)


def defer(*names: str) -> None:
    """Defer the execution of modules until one of their attributes is used. Imported modules stay as they are."""
    for name in names:
        spec = find_spec(name)
        if spec is None or name in sys.modules:
            continue
        module = module_from_spec(spec)
        module.__class__ = _DeferredModule
        _deferred.add(name)
        sys.modules[name] = module
