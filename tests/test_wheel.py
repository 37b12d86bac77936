"""What is installed from a wheel has every file that the code reads."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

from core.settings import ROOT

SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def packages() -> list[str]:
    """The folders that are packed; each is a package, also without an `__init__`."""
    return [pattern.removesuffix("*") for pattern in SETUPTOOLS["packages"]["find"]["include"]]


def packed(path: Path) -> bool:
    """Whether the settings name a file that is no module, in its own package or one above."""
    for package, patterns in SETUPTOOLS["package-data"].items():
        folder = path.parent if package == "*" else ROOT / package.replace(".", "/")
        if path.is_relative_to(folder):
            inside = str(path.relative_to(folder))
            if any(fnmatch(inside, pattern) for pattern in patterns):
                return True
    return False


def test_every_file_of_a_package_is_in_the_wheel() -> None:
    assert SETUPTOOLS["packages"]["find"]["namespaces"], "folders of sql/ have no __init__"
    files = [
        file
        for package in packages()
        for file in (ROOT / package).rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    ]
    assert {"app.css", "sign_in.html", "mrr_by_month.sql", "ledger.sql"} <= {f.name for f in files}
    assert [str(file) for file in files if not packed(file)] == []


def test_every_module_beside_the_packages_is_in_the_wheel() -> None:
    assert {file.stem for file in ROOT.glob("*.py")} == set(SETUPTOOLS["py-modules"])
