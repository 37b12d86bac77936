"""The facts a suggestion is weighed by: each is a bit, so that a set of facts is one integer.

`model.json` gives every fact its weight under its name in lower case.
"""

OCR = 1 << 0
NUMBER = 1 << 1
SHORT = 1 << 2
CHECKLESS = 1 << 3
EDIT1 = 1 << 4
EDIT2 = 1 << 5
FEW_DIGITS = 1 << 6
PIECED = 1 << 7
INSIDE = 1 << 8
SHARED = 1 << 9
OTHER = 1 << 10
OTHER_CLOSED = 1 << 11
UNKNOWN = 1 << 12
"""Reference: the OCR, the number, four or five digits, without check digits, one or two wrong,
one to three digits, over separators, inside a longer number, more than one bears it, another open
or closed invoice is named, or a right reference nobody bears."""

EXACT = 1 << 13
ROUNDED = 1 << 14
FEE = 1 << 15
FIXED_FEE = 1 << 16
SLIGHTLY_OVER = 1 << 17
SHARE = 1 << 18
PARTIAL = 1 << 19
OVER = 1 << 20
FAR = 1 << 21
FOREIGN = 1 << 22
RARE = 1 << 23
COMMON = 1 << 24
"""Amount: exact, off by rounding, short by a percentage or a fixed fee, a little over, a plain
share of it, less, more, more than twice, in another currency; owed once or on very many."""

SAME_NAME = 1 << 25
NEAR_NAME = 1 << 26
LIKE_NAME = 1 << 27
UNLIKE_NAME = 1 << 28
OTHER_NAME = 1 << 29
SHARED_NAME = 1 << 30
IN_TEXT = 1 << 31
"""Payer's name: the tenant's, nearly, somewhat, not at all, another tenant's rather, several
tenants' alike; the tenant's name stands in the text."""

IBAN_SEEN = 1 << 32
IBAN_OFTEN = 1 << 33
IBAN_SHARED = 1 << 34
IBAN_OTHER = 1 << 35
PAYER_SEEN = 1 << 36
PAYER_OTHER = 1 << 37
DECLINED = 1 << 38
"""What people decided: the account paid for this tenant, three times or more, also for others,
for others only; so the name; somebody declined this pair lately."""

DUE_CLOSE = 1 << 39
DUE_AHEAD = 1 << 40
DUE_PAST = 1 << 41
DUE_LONG_PAST = 1 << 42
DUE_FAR = 1 << 43
BEFORE_ISSUE = 1 << 44
OLDEST = 1 << 45
NEAREST = 1 << 46
"""Dates: due within a week, within five weeks, past, long past, far ahead; paid before issue; of
the tenant's candidates with such an amount the oldest, or the one due nearest."""

CLOSED = 1 << 47
VOID = 1 << 48
"""The invoice is settled, or void."""

TWO = 1 << 49
MANY = 1 << 50
ALL_NAMED = 1 << 51
SOME_NAMED = 1 << 52
ALL_OPEN = 1 << 53
OLDEST_SET = 1 << 54
SEVERAL_SETS = 1 << 55
"""Several invoices: two, more; all or some are named; all the tenant owes; its oldest; other sets
have the same sum."""

REFERENCE_AND_AMOUNT = 1 << 56
TENANT_AND_AMOUNT = 1 << 57
TENANT_AND_REFERENCE = 1 << 58
ONLY_SUCH = 1 << 59
PAID_TWIN = 1 << 60
MONTH_NAMED = 1 << 61
STRANGER = 1 << 62
"""Together: reference and exact amount; tenant and exact amount; tenant and reference; the only
open one of the tenant with this amount; a settled one of the tenant has this amount and fits the
day at least as well; the text names its month; a payer called otherwise, of whom nothing is known,
gives no reference."""

STRONG = OCR | NUMBER
REFERENCE = STRONG | SHORT
KNOWN_TENANT = SAME_NAME | NEAR_NAME | IBAN_SEEN | IBAN_OFTEN | PAYER_SEEN | IN_TEXT
AMOUNT_KINDS = (
    EXACT | ROUNDED | FEE | FIXED_FEE | SLIGHTLY_OVER | SHARE | PARTIAL | OVER | FAR | FOREIGN
)
_SETS = {"STRONG", "REFERENCE", "KNOWN_TENANT", "AMOUNT_KINDS"}

BY_NAME: dict[str, int] = {
    name.lower(): value
    for name, value in list(globals().items())
    if name.isupper() and name[0] != "_" and isinstance(value, int) and name not in _SETS
}
"""Every fact by the name it has in `model.json`."""


def names_in(facts: int) -> list[str]:
    """The names of the facts in a set."""
    return [name for name, bit in BY_NAME.items() if facts & bit]
