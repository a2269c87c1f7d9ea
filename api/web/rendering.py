"""Pages from templates: the language, the links that keep it, dates in the town's own time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api.kit.identity import identity_of
from api.kit.links import masked_address, path_of
from api.kit.policies import PAGE
from api.kit.sentences.matching import in_chinese
from api.web.routes import versioned
from api.web.words import HTML_LANG, Lang, Say, has_word, language_of, speaker
from boundaries.editions.calendar import Calendar
from geogrid.access import Action, Target
from geogrid.wording import distance

_MENU: Final = {"accounts": Action.ACCOUNTS_MANAGE, "audit": Action.AUDIT_READ}


def make_templates() -> Environment:
    """Return the templates; every value in them is escaped."""
    return Environment(
        loader=PackageLoader("api", "web/templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


@dataclass(frozen=True, slots=True)
class View:
    """What templates need besides their own values.

    Parameters
    ----------
    lang : {"en", "zh"}
        Language of the page.
    say : callable
        Returns a word in it.
    calendar : Calendar, optional
        The jurisdiction that the page is about.
    asked : str, optional
        The jurisdiction in the address, which links keep.
    """

    lang: Lang
    say: Say
    calendar: Calendar | None = None
    asked: str | None = None

    def url(self, path: str, parameters: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Return an address of this server that keeps language and jurisdiction."""
        return self.plain_url(path, {**(parameters or {}), **more, "lang": self.lang})

    def plain_url(self, path: str, parameters: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Return an address of the interface, which takes no language."""
        values = {**(parameters or {}), **more}
        pairs = {name: value for name, value in values.items() if value is not None and value != ""}
        if self.asked is not None:
            pairs.setdefault("jurisdiction", self.asked)
        return f"{path}?{urlencode(pairs, doseq=True)}" if pairs else path

    def sentence(self, text: str) -> str:
        """Return a sentence of the layers below in the language of the page; what no table has stays in English."""
        return in_chinese(text, self._levels) if self.lang == "zh" else text

    def level(self, name: str) -> str:
        """Return the name of a level in the language of the page."""
        return self._levels.get(name, name)

    @property
    def _levels(self) -> Mapping[str, str]:
        return dict(self.calendar.levels) if self.calendar is not None and self.lang == "zh" else {}

    def day(self, moment: datetime) -> str:
        """Return a day in the time of the town."""
        return f"{self._local(moment):%Y-%m-%d}"

    def time(self, moment: datetime) -> str:
        """Return day and time in the time of the town."""
        return f"{self._local(moment):%Y-%m-%d %H:%M}"

    def clock(self, moment: datetime) -> str:
        """Return hours, minutes and seconds in the time of the town."""
        return f"{self._local(moment):%H:%M:%S}"

    def metres(self, length: float) -> str:
        """Return a distance for people."""
        return distance(length)

    def _local(self, moment: datetime) -> datetime:
        return moment if self.calendar is None else moment.astimezone(ZoneInfo(self.calendar.time_zone))


def view_of(request: Request, calendar: Calendar | None = None) -> View:
    """Return the view of a request."""
    lang = language_of(request)
    is_needed = "jurisdiction" in request.query_params or len(request.app.state.editions.calendars) > 1
    asked = calendar.code if calendar is not None and is_needed else None
    return View(lang, speaker(lang), calendar, asked)


def page(  # noqa: PLR0913 - each is one choice of the page
    request: Request,
    template: str,
    view: View,
    *,
    values: Mapping[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page."""
    environment: Environment = request.app.state.templates
    other: Lang = "en" if view.lang == "zh" else "zh"
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    other_query, back = urlencode([*pairs, ("lang", other)]), _back(request)
    shown = path_of(request) + f"?{other_query}"
    if status >= HTTPStatus.BAD_REQUEST:
        # What was refused is not repeated with the numbers of persons in it.
        shown, back = masked_address(path_of(request), other_query), masked_address(back, "")
    identity = identity_of(request)
    html = environment.get_template(template).render(
        identity=identity,
        sees={
            "plans": identity.reaches_anywhere(Action.PLANS_READ),
            **{name: identity.is_known and identity.may(action, Target()) for name, action in _MENU.items()},
        },
        sign_in_back=back,
        t=view.say,
        has_word=has_word,
        view=view,
        url=view.url,
        html_lang=HTML_LANG[view.lang],
        other_lang=HTML_LANG[other],
        other_url=shown,
        path=path_of(request),
        asset=versioned,
        version=request.app.version,
        calendar=view.calendar,
        **(values or {}),
    )
    common = {**PAGE, "Cache-Control": "no-store", "Content-Language": HTML_LANG[view.lang], "Vary": "Accept-Language"}
    return HTMLResponse(html, status, headers={**common, **(headers or {})})


def _back(request: Request) -> str:
    """Return where signing in leads back to: the page itself; the start page for what only forms lead to."""
    return path_of(request) + (f"?{request.url.query}" if request.url.query else "") if request.method == "GET" else "/"


def in_script(value: Any) -> Markup:
    """Return JSON that may stand inside a script element, whatever the texts in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(safe)  # noqa: S704 - every character that HTML knows is escaped above
