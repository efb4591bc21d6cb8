"""`./portal up`: servers, database, static files, then every program of the portal in the foreground."""

import argparse
import hashlib
import http.client
import os
from collections.abc import Iterator
from pathlib import Path

from heating_portal.up import environment, frontend, ports
from heating_portal.up.children import Program
from heating_portal.up.environment import PYTHON, say
from heating_portal.up.folders import ROOT, Folders, default_folders
from heating_portal.up.managing import MANAGE, portal_environment
from heating_portal.up.refusals import CannotStart
from heating_portal.up.servers import Environment, owning, published, start_servers
from heating_portal.up.supervisor import StopRequested, Supervisor

DEFAULT_PORT = 8000
EVERY_INTERFACE = ("0.0.0.0", "::", "")  # noqa: S104  (compared with, not bound to)
HUB_LISTEN_PORT, HUB_CONTROL_PORT = 7501, 7502
WEB_FLAGS = ("--preload", "--worker-class=gthread", "--threads=4")
BEAT = ("-m", "celery", "-A", "heating_portal.beat", "beat")


def up(arguments: list[str]) -> int:
    """Run the portal until Ctrl-C or SIGTERM; returns 0 after a clean stop."""
    options = parsed(arguments)
    folders = default_folders()
    folders.make()
    with owning(folders):
        ports.demand_free(options.host, options.port)
        frontend.build_beside("runtime")
        supervisor = Supervisor(folders, say)
        with supervisor.supervising():
            try:
                run_portal(supervisor, options)
            except StopRequested:
                say("\n正在停止 … · Stopping …")
        say("已停止 · Stopped.")
    return 0


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./portal up")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port of the web pages (default 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--no-demo", action="store_true", help="no demonstration data, no one-click logins")
    return parser.parse_args(arguments)


def run_portal(supervisor: Supervisor, options: argparse.Namespace) -> None:
    folders = supervisor.folders
    mode = os.environ.get("PORTAL_MODE") or ("production" if options.no_demo else "demo")
    (folders.run / "mode").write_text(mode)
    env = portal_environment(folders, mode) | start_servers(supervisor)
    if options.no_demo:
        env["PORTAL_HTTPS"] = os.environ.get("PORTAL_HTTPS", "0")  # plain HTTP on this machine; compose has TLS
    prepare_database(supervisor, env, demo=mode == "demo")
    env |= lines_environment()  # not before: filling the database takes minutes, in which a free port may be taken
    with published(folders, env):
        web = web_program(options.host, options.port, env)
        supervisor.start(web)
        supervisor.wait_for(lambda: answers(options.host, options.port), web.name)
        for program in background_programs(env, demo=mode == "demo"):
            supervisor.start(program)
        announce(options, folders)
        supervisor.watch()


def lines_environment() -> Environment:
    """Addresses of the DTU hub; another portal on this machine may hold the usual ones."""
    wanted = {"PORTAL_HUB_LISTEN": HUB_LISTEN_PORT, "PORTAL_HUB_CONTROL": HUB_CONTROL_PORT}
    env = {}
    for name, port in wanted.items():
        chosen = port if ports.is_free("127.0.0.1", port) else ports.free_port()
        env[name] = os.environ.get(name) or f"127.0.0.1:{chosen}"
    return env


def prepare_database(supervisor: Supervisor, env: Environment, *, demo: bool) -> None:
    """Migrate and so on in one process; its output goes to the terminal."""
    folders = supervisor.folders
    command = [*MANAGE, "prepare_portal"]
    stamp, now = folders.run / "static-from", static_fingerprint(folders)
    stale = not stamp.is_file() or stamp.read_text() != now
    command += ["--static"] if stale else []
    command += ["--demo", f"--accounts={folders.run / 'accounts.txt'}"] if demo else []
    if supervisor.run(command, env):
        raise CannotStart("数据库准备失败，原因见上。", "Preparing the database failed; the reason is above.")
    stamp.write_text(now)


def static_fingerprint(folders: Folders) -> str:
    """Changes when a file that collectstatic copies changes, or when the packages that pack them do."""
    digest = hashlib.sha256(environment.wanted("runtime").encode())
    for path in sorted(static_files(folders)):
        about = path.stat()
        digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def static_files(folders: Folders) -> Iterator[Path]:
    yield from (path for path in (folders.var / "static_build").rglob("*") if path.is_file())


def python_program(name: str, *arguments: str, env: Environment, role: str = "worker") -> Program:
    return Program(name, (str(PYTHON), *arguments), {**env, "ROLE": role, "PYTHONUNBUFFERED": "1"}, ROOT)


def web_program(host: str, port: int, env: Environment) -> Program:
    flags = [*WEB_FLAGS, "--workers=2", "--no-control-socket", "--graceful-timeout=8"]
    if host not in ("127.0.0.1", "localhost") and "PORTAL_HOSTS" not in os.environ:
        env = env | {"PORTAL_HOSTS": f"127.0.0.1,localhost,{host}"}
    address = f"--bind={host}:{port}"
    return python_program(
        "web", "-m", "gunicorn", address, *flags, "heating_portal.wsgi:application", env=env, role="web"
    )


def background_programs(env: Environment, *, demo: bool) -> Iterator[Program]:
    """Workers, beat, hub and simulated heaters; a command that does not exist yet is left out."""
    for queue, processes in (("default", 2), ("poll", 1)):
        flags = (f"--queues={queue}", f"--concurrency={processes}", f"--hostname={queue}@%h", "--loglevel=INFO")
        yield python_program(f"{queue}-worker", *worker_command(queue), *flags, "--without-gossip", env=env)
    yield python_program("beat", *BEAT, "--pidfile=", "--loglevel=WARNING", env=env)
    if has_command("dtu_hub"):
        yield python_program("hub", "manage.py", "dtu_hub", env=env)
    if demo and has_command("simulate_heaters"):
        yield python_program("heaters", "manage.py", "simulate_heaters", "--demo", env=env)


def worker_command(queues: str) -> tuple[str, ...]:
    """Of a Celery worker. `prepare_portal` has made Django's checks; here they see to it that the pages, whose
    addresses jobs name, are loaded before the processes of the pool part. Polling names none.
    """
    checks = () if "default" in queues.split(",") else ("--skip-checks",)
    return ("-m", "celery", "-A", "heating_portal.celery", *checks, "worker")


def has_command(name: str) -> bool:
    return any(ROOT.glob(f"*/management/commands/{name}.py"))


def answers(host: str, port: int) -> bool:
    """True when the web server answers anything at all over HTTP."""
    line = http.client.HTTPConnection(reachable(host), port, timeout=20)
    try:
        line.request("GET", "/")
        line.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
    return True


def reachable(host: str) -> str:
    """An address to call ourselves on: a server on all interfaces also listens on the loopback one."""
    return "127.0.0.1" if host in EVERY_INTERFACE else host


def announce(options: argparse.Namespace, folders: Folders) -> None:
    say(f"\n门户已启动 · The portal is running:  http://{options.host}:{options.port}/")
    accounts = folders.run / "accounts.txt"
    if not options.no_demo and accounts.is_file():
        say(accounts.read_text(encoding="utf-8").rstrip())
    say(f"日志 · Logs: {folders.logs}/\n按 Ctrl-C 停止 · Ctrl-C stops everything.")
