"""API keys: which programs may call, what each may do, made and revoked by people (ACC.5)."""

from datetime import datetime

import streamlit as st

from core.access.keys import KeyRow, keys
from core.access.queries import tenants
from core.clock import local_date
from core.office import office
from core.settings import settings
from pages.admin import key_edits, receipts
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column

PLATFORM = 0
COLUMNS = (
    Column("No."),
    Column("Name", words=True),
    Column("Begins with", words=True),
    Column("Of", words=True),
    Column("May", words=True),
    Column("Made", words=True),
    Column("Last used", words=True),
    Column("State", words=True),
)
FOLDED = (
    ".table .list { display: inline-block; white-space: normal; max-width: 15rem; "
    "overflow-wrap: anywhere; }"
)


def main() -> None:
    """The heading, a token that was just made, and the keys."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("API keys", "programs that may call, and what each may do")
        confirm.door(key_edits.CREATE, "key", "New API key…")
    receipts.show()
    _token()
    _list()
    confirm.draw(key_edits.CREATE, key_edits.REVOKE)


def _token() -> None:
    """A token that was just made; it can be copied now and never again."""
    made = key_edits.kept_token()
    if made is None:
        return
    with st.container(border=True, key="panel-token"):
        head.section(f"The token of {made.name}", "copy it now; it is not shown again")
        st.code(made.token, language=None)
        st.button("I have kept it", key="token-kept", on_click=key_edits.put_away)


def _list() -> None:
    """The keys of everybody, or of the tenant the address names."""
    size = settings().table_page_rows
    actor = viewer.current_actor()
    with office().work(actor) as work:
        names = {tenant.id: tenant.name for tenant in tenants(work)}
        chosen = _chosen(names)
        asked = url.read("page", url.positive, 1)
        page = keys(work, tenant_id=chosen, limit=size, offset=(asked - 1) * size)
        now = work.now
    if not page.count:
        states.empty("There is no API key", "Make one with “New API key” for a program that calls.")
        return
    with st.container(border=True, key="panel-keys"):
        count = "1 key" if page.count == 1 else f"{formats.number(page.count)} keys"
        head.section(count, "newest first; a revoked or expired key is refused")
        st.html(f"<style>{FOLDED}</style>")
        tables.html(COLUMNS, [_row(row, now) for row in page.rows], label="API keys")
        with st.container(horizontal=True):
            for row in page.rows:
                if row.revoked_at is None:
                    confirm.door(key_edits.REVOKE, str(row.id), f"Revoke {row.id}…")
        tables.pager(page.count, asked)


def _chosen(names: dict[int, str]) -> int | None:
    moved = url.restart(url.follow("tenant", url.one_of((PLATFORM, *names)), PLATFORM), "page")
    with st.container(horizontal=True, key="filters"):
        chosen = st.selectbox(
            "Tenant",
            (PLATFORM, *names),
            key="tenant",
            on_change=moved,
            format_func=lambda number: names.get(number, "All"),
            width=320,
        )
    return chosen or None


def _row(row: KeyRow, now: datetime) -> list[Cell]:
    zone = settings().billing_timezone
    made = formats.day(local_date(row.created_at, zone))
    used = formats.instant(row.last_used_at, zone) if row.last_used_at else "Never"
    return [
        Cell(str(row.id)),
        Cell(row.name),
        Cell(row.prefix, tone="muted"),
        Cell(row.tenant_name or "The platform"),
        Cell(", ".join(row.permissions), tone="list"),
        Cell(f"{made} by {row.created_by.partition('@')[0]}"),
        Cell(used, tone="" if row.last_used_at else "muted"),
        _state(row, now),
    ]


def _state(row: KeyRow, now: datetime) -> Cell:
    if row.revoked_at is not None:
        return Cell("Revoked", tone="bad")
    if row.expires_at is None:
        return Cell("Works", tone="good")
    day = formats.day(local_date(row.expires_at, settings().billing_timezone))
    return Cell(f"Expired {day}", tone="bad") if row.expires_at <= now else Cell(f"Until {day}")


main()
