"""`saldo sql` and `saldo query …`: what is printed, what is refused, what is kept."""

from collections.abc import Callable

import pytest

from core.settings import Settings
from core.work import Office
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.journeys.company import small_company

Saldo = Callable[..., Answer]


@pytest.fixture
def asking(saldo: Saldo, settings: Settings) -> Saldo:
    """The command line over a published copy."""
    small_company(tenants=3).published(settings)
    return saldo


def test_rows_are_printed_as_table_json_and_csv(asking: Saldo) -> None:
    sql = "select id, '=1+1' as name, sum(id) over () as s from tenant order by id limit 2"
    found = asking("sql", sql, "--json").json
    assert found.keys() == documented("saldo sql") - {"name", "type"}
    assert found["columns"][0] == {"name": "id", "type": "BIGINT"}
    assert (found["rows"], found["row_count"], found["more"]) == (
        [[1, "=1+1", 6], [2, "=1+1", 6]],
        2,
        False,
    )
    assert asking("sql", sql, "--csv").out == "id,name,s\n1,'=1+1,6\n2,'=1+1,6\n"
    assert "2 rows in" in asking("sql", "-", stdin=sql).out


def test_a_refusal_says_why_and_exits_with_1(asking: Saldo) -> None:
    refused = asking("sql", "from read_text('/etc/passwd')", "--json")
    assert refused.code == 1
    assert refused.json["code"] == "query_refused"
    assert "read_text" in refused.json["error"]
    assert "read_text" in refused.err
    assert asking("sql", "select 1", "--role", "cfo").code == 1


def test_queries_are_kept_changed_listed_and_removed(asking: Saldo, office: Office) -> None:
    email = a_user(office, "analyst").email
    kept = asking("query", "keep", "from tenant", "--name", "All", "--as", email, "--json").json
    assert kept.keys() == documented("saldo query keep")
    number = str(kept["id"])
    asking("query", "change", number, "from plan", "--name", "Plans", "--as", email)
    [listed] = asking("query", "list", "--as", email, "--json").json["queries"]
    assert (listed["name"], listed["sql"], listed["own"]) == ("Plans", "from plan", True)
    removed = asking("query", "remove", number, "--as", email, "--json").json
    assert removed == {"removed": kept["id"]}
    assert asking("query", "list", "--as", email, "--json").json == {"queries": []}


def test_what_was_asked_is_listed(asking: Saldo) -> None:
    asking("sql", "select 1")
    [run] = asking("query", "history", "--json").json["runs"]
    assert (run["sql"], run["outcome"], run["rows"]) == ("select 1", "done", 1)
    assert "select 1" in asking("query", "history").out
