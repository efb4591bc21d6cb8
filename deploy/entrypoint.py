"""Start of every portal container: addresses from secret files, then the program the container is for.

Usage: entrypoint.py web | worker [N] | poll [N] | beat | hub | prepare | any management command.
"""

import os
import shutil
import sys
from pathlib import Path

CELERY = ("celery", "-A", "heating_portal.celery")
MANAGE = ("python", "manage.py")
BUILT = Path("/built")


def main(arguments: list[str]) -> None:
    read_addresses(Path(os.environ.get("PORTAL_SECRETS", "/run/secrets")))
    role, rest = arguments[0], arguments[1:]
    if role == "prepare":
        refresh_build(Path(os.environ["PORTAL_VAR"]))
    command = command_for(role, rest)
    os.execvp(command[0], command)


def read_addresses(folder: Path) -> None:
    """DATABASE_URL and REDIS_URL hold passwords, so they come from files, not from the container's definition."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        path = folder / name.lower()
        if path.is_file():
            os.environ[name] = path.read_text().strip()


def refresh_build(state: Path) -> None:
    """The state volume outlives images: each deployment brings its own front end."""
    for folder in ("run", "files"):
        (state / folder).mkdir(exist_ok=True)
    shutil.rmtree(state / "static_build", ignore_errors=True)
    shutil.copytree(BUILT, state / "static_build")


def command_for(role: str, rest: list[str]) -> tuple[str, ...]:
    if role == "web":
        workers = os.environ.get("WEB_WORKERS", "2")
        flags = ("--preload", "--bind=0.0.0.0:8000", f"--workers={workers}", "--worker-class=gthread", "--threads=4")
        safe = ("--no-control-socket", "--worker-tmp-dir=/dev/shm", "--graceful-timeout=20")
        return ("gunicorn", *flags, *safe, "--forwarded-allow-ips=*", "heating_portal.wsgi:application")
    if role in ("worker", "poll"):
        queue = "default" if role == "worker" else "poll"
        concurrency = f"--concurrency={rest[0] if rest else 2}"
        return (*CELERY, "worker", f"--queues={queue}", concurrency, f"--hostname={queue}@%h", "--loglevel=INFO")
    if role == "beat":
        return ("celery", "-A", "heating_portal.beat", "beat", "--pidfile=", "--loglevel=INFO")
    if role == "hub":
        return (*MANAGE, "dtu_hub")
    return (*MANAGE, "prepare_portal", "--static") if role == "prepare" else (*MANAGE, role, *rest)


if __name__ == "__main__":
    main(sys.argv[1:])
