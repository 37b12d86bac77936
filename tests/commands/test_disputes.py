"""`saldo payment disputes` as an operator runs it."""

from collections.abc import Callable

from core.work import Office
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.core.test_dispute_listing import a_dispute

Saldo = Callable[..., Answer]


def test_disputes_are_listed_those_to_answer_first_come_first(office: Office, saldo: Saldo) -> None:
    a_dispute(office, "dp_later", 9)
    a_dispute(office, "dp_sooner", 2)
    found = saldo("payment", "disputes", "--json").json
    assert [row["provider_dispute_id"] for row in found["disputes"]] == ["dp_sooner", "dp_later"]
    assert found["by_status"] == {"needs_response": 2}
    assert set(found) | set(found["disputes"][0]) <= documented("saldo payment disputes")
    assert "fraudulent" in saldo("payment", "disputes").out
    assert saldo("payment", "disputes", "--status", "won", "--json").json["count"] == 0
    refused = saldo("payment", "disputes", "--status", "open")
    assert (refused.code, "There is no status 'open'" in refused.err) == (1, True)
