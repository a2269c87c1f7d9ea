"""The private cluster in everyday use."""

import os
import stat
from pathlib import Path

import psycopg
import pytest

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.cluster.programs import server_account
from geogrid.errors import UnavailableError


def value_of(cluster: PrivateCluster, query: str) -> object:
    with psycopg.connect(cluster.url()) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def test_data_survive_stop_and_start(cluster: PrivateCluster) -> None:
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("create table kept as select 7 as n")
    assert cluster.stop()
    cluster.ensure()
    assert value_of(cluster, "select n from kept") == 7


def test_second_stop_says_that_nothing_ran(cluster: PrivateCluster) -> None:
    assert cluster.stop()
    assert not cluster.stop()


def test_what_was_stopped_on_purpose_is_not_started_by_who_only_lost_it(cluster: PrivateCluster) -> None:
    cluster.stop()
    with pytest.raises(UnavailableError, match="is stopped. Start it with: geogrid db start"):
        cluster.ensure(even_if_stopped=False)
    assert cluster.running() is None
    address = cluster.ensure()
    assert cluster.ensure(even_if_stopped=False) == address


def test_address_stays_the_same_after_a_restart(cluster: PrivateCluster) -> None:
    before = cluster.url()
    cluster.stop()
    assert cluster.ensure() == before


def test_address_of_a_stopped_cluster_is_refused_with_the_remedy(cluster: PrivateCluster) -> None:
    cluster.stop()
    with pytest.raises(UnavailableError, match=r"^The private database is stopped\. Start it with: geogrid db start$"):
        cluster.url()


def test_looking_at_a_missing_cluster_creates_nothing(tmp_path: Path) -> None:
    assert PrivateCluster(tmp_path / "nothing").running() is None
    assert not (tmp_path / "nothing").exists()


def test_only_the_user_can_read_password_port_and_log(cluster: PrivateCluster) -> None:
    home = cluster.folder.path
    for name in ("postgres.password", "postgres.port", "postgres.log", "postgres.lock"):
        found = (home / name).stat()
        assert (name, stat.S_IMODE(found.st_mode), found.st_uid) == (name, 0o600, home.stat().st_uid)


def test_only_the_server_can_enter_the_data_folder(cluster: PrivateCluster) -> None:
    found = cluster.data.stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == server_account(cluster.data, cluster.home).uid != 0


WRONG = {"password": "wrong"}


def test_wrong_password_is_refused(cluster: PrivateCluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.url(), **WRONG)


def test_password_is_needed_on_the_socket_too(cluster: PrivateCluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.url(), host=str(cluster.data), **WRONG)


def test_server_listens_on_the_loopback_alone(cluster: PrivateCluster) -> None:
    server = cluster.running()
    assert server is not None
    listening = "0A"
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    addresses = {row[1] for row in rows if row[3] == listening and row[1].endswith(f":{server.port:04X}")}
    assert addresses == {f"0100007F:{server.port:04X}"}


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
def test_commits_survive_a_power_cut(cluster: PrivateCluster, setting: str) -> None:
    assert value_of(cluster, f"show {setting}") == "on"


def test_chinese_characters_are_letters_to_the_search(cluster: PrivateCluster) -> None:
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("create extension if not exists pg_trgm")
    assert value_of(cluster, "select similarity('朝阳区', '朝阳')") == pytest.approx(0.4)


def test_server_has_a_session_of_its_own(cluster: PrivateCluster) -> None:
    # Ctrl-C and the end of a terminal reach the processes of the terminal's session.
    server = cluster.running()
    assert server is not None
    assert os.getsid(server.pid) == server.pid


def test_folder_name_may_hold_anything(home: Path) -> None:
    home.chmod(0o711)
    cluster = PrivateCluster(home / "网格 $HOME '\"`a`, \\b", durable=False)
    try:
        cluster.ensure()
        assert value_of(cluster, "select 1") == 1
    finally:
        cluster.stop()


def test_server_goes_without_a_socket_whose_path_would_be_too_long(home: Path) -> None:
    home.chmod(0o711)
    cluster = PrivateCluster(home / ("long" * 30), durable=False)
    try:
        cluster.ensure()
        assert value_of(cluster, "show unix_socket_directories") == ""
    finally:
        cluster.stop()
