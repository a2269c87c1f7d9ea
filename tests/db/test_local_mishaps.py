"""The private cluster after kills, leftovers and collisions."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from boundaries.cluster import private_cluster as local
from boundaries.cluster.postmaster import pid_file
from boundaries.cluster.private_cluster import HOST, PrivateCluster
from boundaries.cluster.programs import SystemUser, server_account
from geogrid.errors import UnavailableError
from tests.db.programs import GEOGRID, Geogrid, as_nobody, run_geogrid

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def kill(cluster: PrivateCluster) -> None:
    server = cluster.running()
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: cluster.running() is None)


def server_user(cluster: PrivateCluster) -> SystemUser:
    return server_account(cluster.data, cluster.home)


@pytest.fixture
def bystander(cluster: PrivateCluster) -> Iterator[subprocess.Popen[bytes]]:
    """A living process of the server's user, which has nothing to do with the server."""
    user = server_user(cluster)
    process = subprocess.Popen(["sleep", "600"], user=None if user.is_self else user.uid)
    yield process
    assert process.poll() is None, "GeoGrid ended a process that is not its own"
    process.kill()
    process.wait()


def test_committed_rows_survive_kill_9_and_the_others_are_gone(cluster: PrivateCluster) -> None:
    connection = psycopg.connect(cluster.url(), autocommit=True)
    connection.execute("create table killed (n int)")
    connection.execute("insert into killed select generate_series(1, 1000)")
    connection.execute("begin")
    connection.execute("insert into killed values (0)")
    kill(cluster)
    connection.close()
    cluster.ensure()
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("select count(*), min(n) from killed").fetchone() == (1000, 1)


def test_server_starts_while_a_backend_of_the_killed_one_still_works(cluster: PrivateCluster) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        busy = subprocess.Popen(
            ["psql", cluster.url(), "-qAtc", "select count(*) from generate_series(1, 4000000) n where sqrt(n) < 0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        active = (
            "select count(*) from pg_stat_activity where query like 'select count%sqrt%' and pid <> pg_backend_pid()"
        )
        wait_for(lambda: connection.execute(active).fetchone() == (1,))
    kill(cluster)
    cluster.ensure()
    busy.wait()
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_pid_file_with_the_number_of_another_process_is_not_believed(
    cluster: PrivateCluster, bystander: subprocess.Popen[bytes]
) -> None:
    cluster.stop()
    pid_file(cluster.data).write_text(f"{bystander.pid}\n{cluster.data}\n1\n15432\n\n127.0.0.1\n1 1\nready   \n")
    assert cluster.running() is None
    assert psycopg.connect(cluster.ensure()).close() is None


def test_socket_lock_with_the_number_of_another_process_is_not_believed(
    cluster: PrivateCluster, bystander: subprocess.Popen[bytes]
) -> None:
    server = cluster.running()
    assert server is not None
    cluster.stop()
    (cluster.data / f".s.PGSQL.{server.port}.lock").write_text(f"{bystander.pid}\n")
    assert psycopg.connect(cluster.ensure()).close() is None


def test_pid_file_of_a_dead_process_is_no_hindrance(cluster: PrivateCluster) -> None:
    cluster.stop()
    gone = subprocess.Popen(["true"])
    gone.wait()
    pid_file(cluster.data).write_text(f"{gone.pid}\n{cluster.data}\n1\n15432\n\n127.0.0.1\n1 1\nready   \n")
    assert psycopg.connect(cluster.ensure()).close() is None


def test_server_killed_by_a_parent_that_never_waits_for_it_starts_again(cluster: PrivateCluster) -> None:
    cluster.stop()
    zombie = subprocess.Popen(["true"])
    wait_for(lambda: Path(f"/proc/{zombie.pid}/stat").read_text().split()[2] == "Z")
    pid_file(cluster.data).write_text(f"{zombie.pid}\n{cluster.data}\n1\n15432\n\n127.0.0.1\n1 1\nready   \n")
    assert psycopg.connect(cluster.ensure()).close() is None
    zombie.wait()


def test_taken_port_is_avoided_and_the_new_one_is_kept(cluster: PrivateCluster) -> None:
    server = cluster.running()
    assert server is not None
    cluster.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, server.port))
        other.listen()
        cluster.ensure()
    moved = cluster.running()
    assert moved is not None
    assert moved.port != server.port
    cluster.stop()
    cluster.ensure()
    again = cluster.running()
    assert again is not None
    assert again.port == moved.port


@pytest.mark.parametrize("free_looks", [1, 2], ids=["still taken", "given back after the failure"])
def test_port_taken_between_looking_and_starting_is_left_for_the_next(
    cluster: PrivateCluster, monkeypatch: pytest.MonkeyPatch, free_looks: int
) -> None:
    server = cluster.running()
    assert server is not None
    cluster.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, server.port))
        other.listen()
        look, looks = local._is_free, iter([True] * free_looks)
        monkeypatch.setattr(local, "_is_free", lambda port: next(looks, None) or look(port))
        cluster.ensure()
    moved = cluster.running()
    assert moved is not None
    assert moved.port != server.port


@pytest.mark.usefixtures("server")
def test_commands_that_start_at_once_share_one_cluster(home: Path) -> None:
    environment = {**os.environ, "GEOGRID_HOME": str(home)}
    commands = [
        subprocess.Popen([GEOGRID, "db", "start"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(4)
    ]
    said = {command.communicate(timeout=120)[0] for command in commands}
    assert [command.returncode for command in commands] == [0, 0, 0, 0]
    assert len(said) == 1
    assert sorted(found.name for found in home.iterdir()) == [
        "postgres",
        "postgres.lock",
        "postgres.log",
        "postgres.password",
        "postgres.port",
    ]


@pytest.mark.usefixtures("server")
def test_creation_that_was_killed_is_begun_again(home: Path, geogrid: Geogrid) -> None:
    first = subprocess.Popen(
        [GEOGRID, "db", "start"], env={**os.environ, "GEOGRID_HOME": str(home)}, stderr=subprocess.DEVNULL
    )
    wait_for(lambda: any(home.glob("postgres.new-*/data/PG_VERSION")))
    first.kill()
    first.wait()
    assert not (home / "postgres").exists()
    second = geogrid("db", "start", home=home)
    assert (second.returncode, geogrid("db", "status", home=home).returncode) == (0, 0)
    assert not list(home.glob("postgres.new-*"))


@pytest.mark.usefixtures("server")
def test_abandoned_creation_is_cleared_though_an_orphan_still_writes_there(home: Path) -> None:
    data = home / "postgres.new-abandoned" / "data"
    data.mkdir(parents=True)
    script = "for n in $(seq 200); do touch $n || exit; sleep 0.005; done; cd /; sleep 30"
    orphan = subprocess.Popen(["sh", "-c", script], cwd=data, stderr=subprocess.DEVNULL)
    wait_for(lambda: any(data.iterdir()))
    PrivateCluster(home, durable=False).ensure()
    assert not list(home.glob("postgres.new-*"))
    orphan.kill()
    orphan.wait()


@pytest.mark.usefixtures("server")
def test_failed_creation_leaves_nothing_behind(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "DATABASE", "no such; syntax")
    with pytest.raises(UnavailableError, match=r"^PostgreSQL cannot create its data folder: .*syntax error"):
        PrivateCluster(home, durable=False).ensure()
    assert [found.name for found in home.iterdir()] == ["postgres.lock"]


@pytest.mark.usefixtures("server")
def test_reason_of_a_failed_start_is_told(home: Path) -> None:
    cluster = PrivateCluster(home, durable=False)
    cluster.ensure()
    cluster.stop()
    (cluster.data / "global" / "pg_control").unlink()
    with pytest.raises(UnavailableError, match=rf"^PostgreSQL does not start: .*pg_control.*Its log is {cluster.log}$"):
        cluster.ensure()


def test_missing_password_is_told(cluster: PrivateCluster) -> None:
    password = cluster.folder.path / "postgres.password"
    kept = password.read_text()
    password.unlink()
    try:
        with pytest.raises(UnavailableError, match=rf"^{password} is gone, .* Put it back from a backup"):
            cluster.ensure()
    finally:
        cluster.folder.write("postgres.password", kept.strip())


def test_data_of_another_version_of_postgresql_are_told(cluster: PrivateCluster) -> None:
    cluster.stop()
    version = cluster.data / "PG_VERSION"
    kept = version.read_text()
    version.write_text("12\n")
    try:
        with pytest.raises(
            UnavailableError, match=r"^The data were written by PostgreSQL 12, .* postgresql-12-postgis-3"
        ):
            cluster.ensure()
    finally:
        version.write_text(kept)


def test_missing_postgresql_is_one_sentence_with_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "program_folders", list)
    monkeypatch.setattr(local, "require_reachable", lambda *_: None)
    with pytest.raises(UnavailableError) as refused:
        PrivateCluster(tmp_path).ensure()
    assert str(refused.value) == (
        "PostgreSQL is not installed. Install it with: "
        "apt-get install postgresql-15 postgresql-15-postgis-3 postgresql-15-postgis-3-scripts"
    )


@as_root
def test_folder_closed_to_the_server_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(UnavailableError, match=r"cannot enter /\S+\. Set GEOGRID_HOME to a folder outside it"):
        PrivateCluster(closed / "home").ensure()
    assert not list(closed.iterdir())


@as_root
@pytest.mark.usefixtures("server")
def test_root_keeps_the_cluster_of_a_folder_with_the_folder_s_owner(home: Path) -> None:
    os.chown(home, 65534, 65534)
    cluster = PrivateCluster(home, durable=False)
    cluster.ensure()
    assert {found.stat().st_uid for found in home.iterdir()} == {65534}


@as_root
@pytest.mark.usefixtures("server")
def test_ordinary_user_has_a_cluster_of_their_own(home: Path) -> None:
    os.chown(home, 65534, 65534)
    assert as_nobody("db", "start", home=home).returncode == 0
    assert as_nobody("db", "status", home=home).returncode == 0
    running = PrivateCluster(home).running()
    assert running is not None
    assert Path(f"/proc/{running.pid}").stat().st_uid == 65534
    assert as_nobody("db", "stop", home=home).returncode == 0
    assert PrivateCluster(home).running() is None


@as_root
def test_root_that_may_not_look_into_other_processes_still_knows_its_server(cluster: PrivateCluster) -> None:
    # As in a container, whose root lacks this capability.
    restricted = ("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace")
    assert run_geogrid("db", "start", home=cluster.folder.path).returncode == 0
    assert run_geogrid("db", "status", home=cluster.folder.path, before=restricted).returncode == 0


@as_root
def test_cluster_of_another_user_is_refused_by_name(cluster: PrivateCluster) -> None:
    refused = as_nobody("db", "start", home=cluster.folder.path)
    assert refused.returncode == 1
    owner = server_user(cluster).name
    assert refused.stderr.strip().endswith(
        f"The private database in {cluster.data} belongs to user {owner}. "
        "Run geogrid as that user, or choose another folder with GEOGRID_HOME."
    )


@as_root
@pytest.mark.usefixtures("server")
def test_folder_that_may_not_be_written_is_told(home: Path) -> None:
    home.chmod(0o755)
    refused = as_nobody("db", "start", home=home)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        f"Error: The private database cannot use {home}/postgres.lock: Permission denied. "
        "Put that right, or choose another folder with GEOGRID_HOME."
    )
