"""Choosing among installed PostgreSQL versions, on folders that only look like them."""

from pathlib import Path

import pytest

from boundaries.cluster import programs as postgres
from boundaries.cluster.programs import find_programs, program_folders, server_account
from geogrid.errors import UnavailableError


def install(root: Path, major: int, *, postgis: bool) -> Path:
    """Make a folder with programs that answer as PostgreSQL's do."""
    programs, share, libraries = (root / f"usr/lib/postgresql/{major}/{name}" for name in ("bin", "share", "lib"))
    for folder in (programs, share / "extension", libraries):
        folder.mkdir(parents=True)
    answers = {"postgres": f"postgres (PostgreSQL) {major}.4", "pg_config": f"{share}\n{libraries}"}
    for name in ("initdb", "pg_ctl", *answers):
        (programs / name).write_text(f"#!/bin/sh\nprintf '%s\\n' '{answers.get(name, '')}'\n")
        (programs / name).chmod(0o755)
    if postgis:
        (share / "extension" / "postgis.control").touch()
        (libraries / "postgis-3.so").touch()
    return programs


def test_newest_version_with_postgis_is_chosen(tmp_path: Path) -> None:
    for major, postgis in ((9, True), (15, True), (17, False)):
        install(tmp_path, major, postgis=postgis)
    assert find_programs(program_folders(tmp_path)[:3]).major == 15


def test_data_decide_the_version(tmp_path: Path) -> None:
    folders = [install(tmp_path, major, postgis=True) for major in (15, 17)]
    assert find_programs(folders, major=15).folder == folders[0]


def test_folder_with_only_the_client_is_passed_over(tmp_path: Path) -> None:
    client = install(tmp_path, 17, postgis=True)
    (client / "initdb").unlink()
    server = install(tmp_path, 15, postgis=True)
    assert find_programs([client, server]).folder == server


def test_missing_postgresql_names_the_packages() -> None:
    with pytest.raises(UnavailableError) as refused:
        find_programs([])
    assert str(refused.value) == (
        "PostgreSQL is not installed. Install it with: "
        "apt-get install postgresql-15 postgresql-15-postgis-3 postgresql-15-postgis-3-scripts"
    )


def test_missing_postgis_names_the_packages_of_the_version_found(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as refused:
        find_programs([install(tmp_path, 17, postgis=False)])
    assert str(refused.value) == (
        "PostgreSQL 17 is here, but not its PostGIS. Install it with: "
        "apt-get install postgresql-17 postgresql-17-postgis-3 postgresql-17-postgis-3-scripts"
    )


def test_root_without_a_user_postgres_runs_the_server_as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = {"nobody": postgres.pwd.struct_passwd(("nobody", "x", 65534, 65533, "", "/", "/"))}
    monkeypatch.setattr(postgres.os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres.pwd, "getpwnam", accounts.__getitem__)
    found = server_account(Path("/nothing/here"))
    assert (found.name, found.uid, found.gid) == ("nobody", 65534, 65533)


def test_root_without_any_other_user_is_told_to_add_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres.pwd, "getpwnam", {}.__getitem__)
    with pytest.raises(UnavailableError, match=r"refuses to run as root.*useradd --system postgres$"):
        server_account(Path("/nothing/here"))
