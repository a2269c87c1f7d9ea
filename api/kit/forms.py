"""Forms of the pages: read whole, and checked to be of the session that sends them."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from api.kit.identity import identity_of
from api.kit.origin import require_form_token, require_same_origin
from geogrid.errors import InvalidInputError, Problem

_MOST_FIELDS: Final = 40
_LONGEST: Final = 5_000

Fields = Mapping[str, str]


async def read_fields(request: Request) -> Fields:
    """Return the fields of a form; the last of each name, files left out, long ones refused."""
    async with request.form(max_fields=_MOST_FIELDS, max_files=1) as form:
        fields = {name: value for name, value in form.multi_items() if not isinstance(value, UploadFile)}
    long = [name for name, value in fields.items() if len(value) > _LONGEST]
    if long:
        problems = [Problem("too-long", f"The field {name[:40]!r} is too long.", subject=name[:40]) for name in long]
        raise InvalidInputError(problems)
    return fields


async def read_own_fields(request: Request) -> Fields:
    """Return the fields of a form that this session was given; raises `ForbiddenError` for another's."""
    fields = await read_fields(request)
    require_form_token(identity_of(request).form_token, fields.get("form", ""))
    return fields


async def read_page_fields(request: Request) -> Fields:
    """Return the fields of a form of a page of this server, also where nobody is signed in.

    Raises
    ------
    ForbiddenError
        It is of another session, or comes from a page of another site.
    """
    if identity_of(request).is_known:
        return await read_own_fields(request)
    require_same_origin(request)
    return await read_fields(request)


AnyFields = Annotated[Fields, Depends(read_fields)]
OwnFields = Annotated[Fields, Depends(read_own_fields)]
PageFields = Annotated[Fields, Depends(read_page_fields)]
