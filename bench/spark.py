"""What do all figures cost on a small Spark cluster, against DuckDB, and are they the same?"""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psutil

from bench._company import Company, Say, company, settings_of
from etl import pipeline
from etl.spark.cluster import local_cluster
from etl.spark.making import on_spark
from etl.transform import FOLDERS, Maker, build_models, models

SUBSCRIPTIONS = 20_000


def run(scale: float, say: Say) -> dict[str, Any]:
    """Spark's time for all models over DuckDB's, on this machine; it passes when all rows agree."""
    with company(int(SUBSCRIPTIONS * scale), say) as made:
        say("Full sync on DuckDB")
        pipeline.sync(made.settings, made.url, now=datetime.now(UTC), full=True, engine="duckdb")
        here = made.settings.copy_path
        size = here.stat().st_size
        there = Path(shutil.copyfile(here, here.with_name("there.duckdb")))
        say("All models on DuckDB")
        duck = _timed(here, made, build_models)
        say("Starting a cluster")
        began = time.monotonic()
        with local_cluster(made.settings.home / "spark", large=True) as address:
            started = time.monotonic() - began
            settings = settings_of(made.settings.home, SALDO_SPARK_URL=address)
            say("All models on Spark, twice: it learns")
            with on_spark(settings) as make:
                first = _timed(there, made, make)
            with on_spark(settings) as make:
                again = _timed(there, made, make)
        differing, sizes = _differing(here, there), _sizes(here)
    return {
        "name": "spark",
        "ratio": round(again["seconds"] / duck["seconds"], 1),
        "rival": "DuckDB, all models over the same rows on this machine",
        "passed": differing == 0,
        "detail": {
            "cores": psutil.cpu_count(),
            "cluster_seconds": round(started, 1),
            "duckdb": duck,
            "spark_first": first,
            "spark_again": again,
            "ratio_of_cpu": round(again["cpu_seconds"] / duck["cpu_seconds"], 1),
            "differing_rows": differing,
            "copy_bytes": size,
            **sizes,
        },
    }


def _timed(copy: Path, made: Company, make: Maker) -> dict[str, float]:
    """Seconds by the clock and of processors that making all models anew in a copy takes."""
    with pipeline.open_build(copy, made.settings) as build:
        began, used = time.monotonic(), _processor_seconds()
        make(build, FOLDERS)
        return {
            "seconds": round(time.monotonic() - began, 2),
            "cpu_seconds": round(_processor_seconds() - used, 2),
        }


def _processor_seconds() -> float:
    """Of this process and all that it started."""
    us = psutil.Process()
    times = [each.cpu_times() for each in (us, *us.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _differing(here: Path, there: Path) -> int:
    """Rows of models that the other copy does not have, duplicates counted."""
    found = 0
    with duckdb.connect() as both:
        both.execute(f"attach '{here}' as here (read_only)").fetchall()
        both.execute(f"attach '{there}' as there (read_only)").fetchall()
        for model in models():
            a, b = f"select * from here.{model.name}", f"select * from there.{model.name}"
            [(rows,)] = both.execute(
                f"select count(*) from (({a} except all {b}) union all ({b} except all {a}))"
            ).fetchall()
            found += int(rows)
    return found


def _sizes(copy: Path) -> dict[str, int]:
    """How large each kind of what pages read is, in a file of its own."""
    sizes = {}
    with duckdb.connect() as build:
        build.execute(f"attach '{copy}' as copy (read_only)").fetchall()
        [(sizes["invoices"],)] = build.execute("select count(*) from copy.invoice").fetchall()
        for folder in FOLDERS[1:]:
            names = [m.name for m in models() if m.path.parent.name == folder]
            alone = copy.with_name(f"{folder}.duckdb")
            build.execute(f"attach '{alone}' as alone").fetchall()
            for name in names:
                build.execute(f"create table alone.{name} as from copy.{name}").fetchall()
            build.execute("checkpoint alone").fetchall()
            build.execute("detach alone").fetchall()
            rows = " + ".join(f"(select count(*) from copy.{name})" for name in names)
            [(sizes[f"{folder}_rows"],)] = build.execute(f"select {rows}").fetchall()
            sizes[f"{folder}_bytes"] = alone.stat().st_size
    return sizes
