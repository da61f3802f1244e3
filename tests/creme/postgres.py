"""A PostgreSQL server for the tests: a port of its own, a user who is not root, and gone with whoever started it."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

#: The superuser of each server.
OWNER = "creme"

#: The database that the server is asked over, if there is no other one.
FIRST = "postgres"

#: The longest that a server may take to answer, on a machine with much else to do.
PATIENCE = 60.0

#: What is written need not outlive the machine, and shared memory may be scarce in a container.
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "full_page_writes=off",
    "min_wal_size=2MB",
    "max_wal_size=8MB",
    "shared_buffers=32MB",
    "dynamic_shared_memory_type=mmap",
)

#: Keeps a server for as long as somebody holds its input open. Then it is stopped and the directory `$1` removed, or,
#: after the word `keep`, stopped in such a way that another one can start over a copy of its data.
KEEPER = """
directory=$1
shift
"$@" > "$directory/log" 2>&1 < /dev/null &
server=$!
read -r word
if [ "$word" = keep ]; then signal=INT; else signal=QUIT; fi
kill -s "$signal" "$server" 2> /dev/null
wait "$server"
if [ "$word" != keep ]; then rm -rf "$directory"; fi
"""


class Server:
    """A running server. Leaving it stops it and removes its data."""

    def __init__(self, data: Path | None = None) -> None:
        """Starts a server over a copy of a data directory, or over a new one."""
        self.directory = Path(tempfile.mkdtemp(prefix="creme-postgres-"))
        self.data = self.directory / "data"
        if data is None:
            give(self.directory)
            options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"]
            command = as_somebody([program("initdb"), "-D", str(self.data), "-U", OWNER, *options])
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        else:
            shutil.copytree(data, self.data)
            self.data.chmod(0o700)
            give(self.directory)
        self.start()

    def start(self) -> None:
        """Starts the server on a free port, and on another one if somebody else takes that in between."""
        end = time.monotonic() + PATIENCE
        while True:
            self.port = free_port()
            command = [program("postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self.directory)]
            for setting in SETTINGS:
                command += ["-c", setting]
            self.keeper = subprocess.Popen(
                ["sh", "-c", KEEPER, "keeper", str(self.directory), *as_somebody(command)],
                stdin=subprocess.PIPE,
                text=True,
            )
            while not self.answers():
                if not self.runs() or time.monotonic() > end:
                    break
                time.sleep(0.05)
            else:
                return
            said = (self.directory / "log").read_text()
            if "could not bind" not in said or time.monotonic() > end:
                self.stop("remove")
                raise SystemExit(f"PostgreSQL does not start: {said}")
            self.stop("keep")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("remove")

    def stop(self, word: str) -> None:
        """Stops the server; the word `keep` leaves its directory to the caller."""
        if self.keeper.stdin and not self.keeper.stdin.closed:
            self.keeper.stdin.write(word + "\n")
            self.keeper.stdin.close()
        self.keeper.wait()

    def keep(self, place: Path) -> None:
        """Stops the server, and leaves its data in a place that is there only when it is whole."""
        self.stop("keep")
        unfinished = place.with_name(f"{place.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(self.data, unfinished)
        unfinished.rename(place)
        shutil.rmtree(self.directory)

    def runs(self) -> bool:
        """Whether the server has not given up."""
        log = self.directory / "log"
        # It turns away whoever comes while it is starting up, in the same words.
        return not log.exists() or not re.search(r"FATAL:\s+\b(?!the database system is)", log.read_text())

    def answers(self) -> bool:
        """Whether the server takes connections."""
        command = [program("psql"), *self.options(FIRST), "-c", "SELECT 1"]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def run(self, sql: str) -> None:
        """Runs a statement of the superuser."""
        subprocess.run([program("psql"), *self.options(FIRST), "-q", "-c", sql], check=True)

    def options(self, database: str) -> list[str]:
        """What tells `psql` where a database is, over a socket that is nobody else's."""
        return ["-X", "-v", "ON_ERROR_STOP=1", "-h", str(self.directory), "-p", str(self.port), "-U", OWNER, database]


def program(name: str) -> str:
    """Where a program of PostgreSQL is: on the path, or where Debian keeps servers."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        # `initdb` and `postgres` have to be of one version, so only folders that have both count.
        if all(os.access(folder / needed, os.X_OK) for needed in ("initdb", "postgres", "psql")):
            return str(folder / name)
    raise SystemExit("there is no PostgreSQL server here")


def version() -> str:
    """The major version of the server, which data directories depend on."""
    said = subprocess.run([program("postgres"), "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return said.split()[2].split(".")[0]


def somebody() -> pwd.struct_passwd | None:
    """Who runs the server, since root may not: nobody else if the caller is not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("there is no user who could run PostgreSQL")


def as_somebody(command: list[str]) -> list[str]:
    """A command, run by whoever may run a server."""
    user = somebody()
    if user is None:
        return command
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]


def give(directory: Path) -> None:
    """Gives a directory and what is in it to whoever runs the server."""
    user = somebody()
    if user is not None:
        for path in (directory, *directory.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
