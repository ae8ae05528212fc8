"""The platform's API: every module of this package is a topic and registers its calls with ``@api``."""

from importlib import import_module
from pkgutil import iter_modules

TOPICS = tuple(import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
