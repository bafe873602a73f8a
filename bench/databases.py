"""The benches' own databases: made once, kept, migrated; made anew when the seed changed."""

import hashlib
import os
import shutil
import time
from pathlib import Path

import psycopg
from psycopg import sql

from bench import seed
from bench.environment import server_url, url_of
from bench.seed import Scale
from bench.servers import run

SMALL = Scale("guide_bench_1k", customers=1_000, guides=40, stores=7, events_each=50)
MIDDLE = Scale("guide_bench_100k", customers=100_000, guides=4_000, stores=700, events_each=50)
FEW = Scale("guide_bench_1k_10", customers=1_000, guides=40, stores=7, events_each=10)
LARGE = Scale(
    "guide_bench_1m",
    customers=1_000_000,
    guides=40_000,
    stores=7_000,
    events_each=10,
    largest_book=40_000,
)
EMPTY = Scale("guide_bench_upsert", customers=0, guides=40_000, stores=7_000, events_each=0)
BURST = Scale("guide_bench_burst", customers=0, guides=1, stores=1, events_each=0)

_GIB = 2**30
_BYTES_A_CUSTOMER, _BYTES_AN_EVENT = 6_000, 900  # seen with these seeds, indexes included


class BenchRefused(Exception):
    """A run cannot begin; the text says what to do."""


def ready(*scales: Scale) -> None:
    """Have each database there, migrated and seeded."""
    for scale in scales:
        _ready(scale)


def _ready(scale: Scale) -> None:
    wanted = _fingerprint(scale)
    if _stored(scale) == wanted:
        run("migrate", "-v0", database=scale.database)
        print(f"{scale.database}: kept ({scale.words})", flush=True)
        return
    _look_at_the_disk(scale)
    began = time.monotonic()
    print(f"{scale.database}: seeding {scale.words} …")
    _create(scale.database)
    run("migrate", "-v0", database=scale.database)
    with psycopg.connect(url_of(scale.database), autocommit=True) as connection:
        seed.fill(connection, scale)
        connection.execute("CREATE TABLE bench_seed (fingerprint text)")
        connection.execute("INSERT INTO bench_seed VALUES (%s)", [wanted])
    print(f"{scale.database}: ready after {time.monotonic() - began:.0f} s")


def _create(database: str) -> None:
    name = sql.Identifier(database)
    with psycopg.connect(f"{server_url()}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))


def _stored(scale: Scale) -> str:
    """The fingerprint it was made under; '' when it is not there or ran other migrations."""
    try:
        with psycopg.connect(url_of(scale.database)) as connection:
            row = connection.execute("SELECT fingerprint FROM bench_seed").fetchone()
            applied = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    except psycopg.Error:
        return ""
    gone = [name for app, name in applied if _is_ours(app) and not _file_of(app, name).exists()]
    return str(row[0]) if row and not gone else ""


def _is_ours(app: str) -> bool:
    return Path("guideapp", app).is_dir()


def _file_of(app: str, name: str) -> Path:
    return Path("guideapp", app, "migrations", f"{name}.py")


def _fingerprint(scale: Scale) -> str:
    """Changes with the seed and the size. A newer schema comes by the product's migrations."""
    return hashlib.sha256(repr(scale).encode() + Path(seed.__file__).read_bytes()).hexdigest()


def _look_at_the_disk(scale: Scale) -> None:
    """Refuse before the disk is full. The data directory is taken to lie on this machine."""
    needed = scale.customers * (_BYTES_A_CUSTOMER + scale.events_each * _BYTES_AN_EVENT)
    free = shutil.disk_usage(_data_folder()).free
    if needed > _GIB:
        print(f"  about {needed / _GIB:.0f} GiB needed, {free / _GIB:.0f} GiB free")
    if needed * 1.5 > free:
        raise BenchRefused(
            f"{scale.database} needs about {needed / _GIB:.0f} GiB and as much room again to work; "
            f"only {free / _GIB:.0f} GiB are free."
        )


def _data_folder() -> Path:
    with psycopg.connect(f"{server_url()}/postgres") as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    folder = Path(str(row[0])) if row else Path("/")
    return next(path for path in (folder, *folder.parents) if os.access(path, os.R_OK))
