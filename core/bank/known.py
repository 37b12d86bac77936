"""Which lines of a statement came before, in another file or under another name (UNM.1).

The bank's own reference decides. Without one the content does: of equal lines as many are new as
the files known so far do not have, unless balances show that no file can have told of them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text

from core.bank.rules import Statement, TransferLine
from core.work import Work

NOTICES = ("camt.052", "camt.054", "mt942")
"""Formats that announce what the statement of the day books again."""
_COLUMNS = """
select {by_name} as by_name, t.id, t.bank_ref, t.own_ref, t.entry_ref, t.amount_minor, t.booked_on,
  t.currency, t.reference, t.end_to_end_id, s.opening_minor, s.closing_minor
from bank_transfer t join bank_statement s on s.id = t.statement_id
where t.account = :account and """
_ALIKE = text(
    "-- Which transfers may a statement tell of again? One row each and way in which it may be so."
    + _COLUMNS.format(by_name="true")
    + """(t.own_ref = any(:refs) or t.entry_ref = any(:refs)
  or t.own_ref = any(:entries) or t.entry_ref = any(:entries))
union all"""
    + _COLUMNS.format(by_name="false")
    + """t.currency = :currency
  and t.booked_on between :first and :last and t.amount_minor = any(:amounts)
  and (s.format = any(:notices)) <> :is_notice
order by id"""
)
"""By name: they share a reference, or are parts or the whole of its batches. Else: files of the
other kind, notices or statements, tell that they move the same money."""
APART = timedelta(days=5)
"""Days one booking may lie apart in two files; a reference used again later is another one's."""


@dataclass(frozen=True)
class _Kept:
    id: int
    bank_ref: str
    own_ref: str
    entry_ref: str
    amount_minor: int
    booked_on: date
    currency: str
    told: str
    opening_minor: int | None
    closing_minor: int | None


def new_lines(work: Work, statement: Statement) -> list[TransferLine]:
    """The lines nobody has told of before, each with a `bank_ref` of its own."""
    named_alike, moved_alike = _kept(work, statement)
    kept = [each for each in named_alike if each.currency == statement.currency]
    used: set[int] = set()
    left = _not_by_reference(statement, kept, used, work.today)
    left = _not_by_batch(left, kept, used)
    left = _not_by_notice(left, moved_alike, used)
    return _named(left, {each.bank_ref for each in named_alike})


def _kept(work: Work, statement: Statement) -> tuple[list[_Kept], list[_Kept]]:
    """What is kept under the names of a statement's lines, and what else moved their money."""
    days = [line.booked_on for line in statement.lines if line.booked_on] or [work.today]
    values = {
        "account": statement.account,
        "refs": sorted({line.own_ref for line in statement.lines}),
        "entries": sorted({line.entry_ref for line in statement.lines if line.entry_ref}),
        "currency": statement.currency,
        "notices": list(NOTICES),
        "is_notice": statement.format in NOTICES,
        "first": min(days) - APART,
        "last": max(days) + APART,
        "amounts": sorted({line.amount_minor for line in statement.lines}),
    }
    rows = work.session.execute(_ALIKE, values).all()
    return [_read(row) for row in rows if row.by_name], [
        _read(row) for row in rows if not row.by_name
    ]


def _read(row: Row[Any]) -> _Kept:
    return _Kept(
        id=row.id,
        bank_ref=row.bank_ref,
        own_ref=row.own_ref,
        entry_ref=row.entry_ref,
        amount_minor=row.amount_minor,
        booked_on=row.booked_on,
        currency=row.currency,
        told=_told(row.reference, row.end_to_end_id),
        opening_minor=row.opening_minor,
        closing_minor=row.closing_minor,
    )


def _told(reference: str, end_to_end_id: str) -> str:
    return "".join((reference or end_to_end_id).split()).lower()


def _not_by_reference(
    statement: Statement, kept: Sequence[_Kept], used: set[int], today: date
) -> list[TransferLine]:
    """Lines whose reference and amount are not there yet; the later of equal ones are new."""
    by_key: dict[tuple[str, int], list[_Kept]] = defaultdict(list)
    for each in kept:
        by_key[each.own_ref, each.amount_minor].append(each)
    left = []
    for line in statement.lines:
        near = [
            each
            for each in by_key.get((line.own_ref, line.amount_minor), [])
            if abs(each.booked_on - (line.booked_on or today)) <= APART
        ]
        if line.is_named:
            known = next((each for each in near if each.id not in used), None)
        else:
            # Equal lines are counted through the whole file, so that the nth needs n before it.
            before = [each for each in near if not _follows(statement, each)]
            known = before[line.nth - 1] if line.nth <= len(before) else None
        if known is None:
            left.append(line)
        else:
            used.add(known.id)
    return left


def _follows(statement: Statement, other: _Kept) -> bool:
    """True when one statement begins where the other ends, so that no line is in both."""
    balances = (statement.opening_minor, statement.closing_minor)
    others = (other.opening_minor, other.closing_minor)
    if None in balances or None in others or balances[0] == others[0]:
        return False
    return others[1] == balances[0] or balances[1] == others[0]


def _not_by_batch(
    lines: list[TransferLine], kept: Sequence[_Kept], used: set[int]
) -> list[TransferLine]:
    """Without batches whose parts are there, and without parts whose batch is there."""
    parts: dict[str, list[_Kept]] = defaultdict(list)
    whole = {(each.own_ref, each.amount_minor): each for each in kept if each.id not in used}
    for each in kept:
        if each.entry_ref and each.entry_ref != each.own_ref and each.id not in used:
            parts[each.entry_ref].append(each)
    totals: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.entry_ref and line.entry_ref != line.own_ref:
            totals[line.entry_ref] += line.amount_minor
    left = []
    for line in lines:
        known_parts = parts.get(line.own_ref, []) if line.is_named else []
        if known_parts and sum(each.amount_minor for each in known_parts) == line.amount_minor:
            used.update(each.id for each in known_parts)
        elif line.entry_ref in totals and (line.entry_ref, totals[line.entry_ref]) in whole:
            used.add(whole[line.entry_ref, totals[line.entry_ref]].id)
        else:
            left.append(line)
    return left


def _not_by_notice(
    lines: list[TransferLine], found: Sequence[_Kept], used: set[int]
) -> list[TransferLine]:
    """Without what a notice announced, or a statement has booked: same money, same reference."""
    if not any(line.booked_on for line in lines):
        return lines
    left = []
    for line in lines:
        told = _told(line.reference, line.end_to_end_id)
        same = next(
            (
                each
                for each in found
                if each.id not in used
                and told
                and each.told == told
                and each.amount_minor == line.amount_minor
                and abs(each.booked_on - (line.booked_on or each.booked_on)) <= APART
            ),
            None,
        )
        if same is None:
            left.append(line)
        else:
            used.add(same.id)
    return left


def _named(lines: list[TransferLine], taken: set[str]) -> list[TransferLine]:
    named = []
    for line in lines:
        name, nth = line.own_ref, 1
        while name in taken:
            nth += 1
            name = f"{line.own_ref}#{nth}"
        taken.add(name)
        named.append(replace(line, bank_ref=name))
    return named
