"""A server that others reach does not start open, nor before anybody can sign in."""

import subprocess

import pytest
from sqlalchemy import Engine

from boundaries.accounts.storing import add_account
from boundaries.store.engine import unit_of_work
from tests.fixtures_db import Database
from tests.serving import GEOGRID, environment

SENTENCES = {
    ("no", "0.0.0.0"): "there is no account yet that could sign in: make one first",  # noqa: S104 - refused
    ("all", "0.0.0.0"): "GEOGRID_OPEN=all lets anybody in",  # noqa: S104 - refused
    ("read", "::"): "GEOGRID_OPEN=read lets anybody in",
}


def serve(database: Database, host: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [GEOGRID, "serve", "--port", "0", "--host", host],
        env={**environment(database), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("opened", "host"), SENTENCES)
def test_server_for_others_is_refused_in_one_sentence(database: Database, opened: str, host: str) -> None:
    process = serve(database, host, GEOGRID_OPEN=opened)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out == ""
    assert SENTENCES[opened, host] in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("way", ["account", "anywhere"])
def test_server_for_others_starts_with_an_account_or_where_it_is_meant(
    database: Database, engine: Engine, way: str
) -> None:
    settings = {"GEOGRID_OPEN": "no"}
    if way == "account":
        with unit_of_work(engine) as session:
            add_account(session, "admin")
    else:
        settings = {"GEOGRID_OPEN": "all", "GEOGRID_OPEN_ANYWHERE": "yes"}
    process = serve(database, "0.0.0.0", **settings)  # noqa: S104 - for a moment
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("GeoGrid is at http://127.0.0.1:")
    finally:
        process.kill()
        process.communicate()
