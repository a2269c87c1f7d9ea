"""Wrong settings as sentences: which variable, what it holds, what is allowed; all of them at once."""

import re
from typing import Any, Final

from pydantic import ValidationError

_SECRET: Final = re.compile(r"secret|password|key|token|database_url")
_LONGEST: Final = 80


def settings_fault(error: ValueError) -> str | None:
    """Return what is wrong with the settings of the environment; None for an error of another kind."""
    if not isinstance(error, ValidationError) or not error.title.endswith("Settings"):
        return None
    return "\n".join(_sentence(each) for each in error.errors(include_url=False, include_context=False))


def _sentence(fault: Any) -> str:
    what = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    if not fault["loc"]:
        # Of several settings together; what they hold is not repeated, since secrets may be among it.
        return f"The settings cannot be used: {what}."
    name = str(fault["loc"][0])
    value = "" if _SECRET.search(name) else f"={str(fault['input'])[:_LONGEST]}"
    return f"GEOGRID_{name.upper()}{value} cannot be used: {what}."
