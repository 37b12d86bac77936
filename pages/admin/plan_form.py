"""The fields of a plan in a dialog: drawn from its facts, read back as facts."""

import streamlit as st

from core.errors import BadInput
from core.plans.facts import (
    LARGEST_LIMIT,
    LAST_PLACE,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    PlanFacts,
)
from core.plans.models import UNLIMITED
from pages.parts import formats, plan_words

LONGEST_LIMIT_NAME = 60


def draw(form: str, facts: PlanFacts, names: list[str]) -> None:
    """The fields, filled from the facts; `form` keeps the keys of two forms apart."""
    st.text_input("Name", facts.name, key=f"{form}-name", max_chars=LONGEST_NAME)
    st.text_area(
        "Description on the pricing page",
        facts.description,
        key=f"{form}-description",
        max_chars=LONGEST_DESCRIPTION,
        height=80,
    )
    st.html('<p class="muted">Limits: −1 is unlimited, an empty field sets none.</p>')
    columns = st.columns(2)
    for place, name in enumerate(names):
        with columns[place % 2]:
            _number(plan_words.limit_title(name), f"{form}-limit-{name}", facts.limits.get(name))
    with st.expander("Another metered limit"):
        st.text_input(
            "Its name",
            key=f"{form}-other",
            max_chars=LONGEST_LIMIT_NAME,
            placeholder="lowercase letters, digits, underscores",
        )
        _number("How much", f"{form}-other-quantity", None)
    st.multiselect(
        "Features",
        list(plan_words.FLAGS),
        list(facts.flags),
        key=f"{form}-flags",
        format_func=plan_words.FLAGS.__getitem__,
        placeholder="None",
    )
    st.toggle("Recommended on the pricing page", facts.is_recommended, key=f"{form}-recommended")
    st.toggle(
        "Periods of a fixed number of days",
        facts.fixed_days,
        key=f"{form}-fixed",
        help="30, 90, 180 or 365 days instead of calendar months; from the next period on",
    )
    st.number_input(
        "Place on the pricing page",
        0,
        LAST_PLACE,
        facts.sort_order,
        key=f"{form}-place",
        help="The lowest number stands first",
    )


def read(form: str, names: list[str]) -> PlanFacts:
    """The facts as the fields have them. Raises BadInput when a further limit is half filled."""
    given = st.session_state
    limits = {
        name: value for name in names if (value := given.get(f"{form}-limit-{name}")) is not None
    }
    other = str(given.get(f"{form}-other") or "").strip()
    quantity = given.get(f"{form}-other-quantity")
    if bool(other) != (quantity is not None):
        raise BadInput("Another limit has a name and a number")
    if other in limits:
        raise BadInput(f"There is a field for {plan_words.limit_title(other)} already")
    if other:
        limits[other] = int(quantity or 0)
    return PlanFacts(
        name=str(given.get(f"{form}-name") or "").strip(),
        description=str(given.get(f"{form}-description") or "").strip(),
        limits=limits,
        flags=tuple(given.get(f"{form}-flags") or ()),
        is_recommended=bool(given.get(f"{form}-recommended")),
        sort_order=int(given.get(f"{form}-place") or 0),
        fixed_days=bool(given.get(f"{form}-fixed")),
    )


def differences(before: PlanFacts, after: PlanFacts) -> list[tuple[str, str, str]]:
    """What would change, as people read it: what, before, after."""
    old, new = _in_words(before), _in_words(after)
    return [
        (title, old.get(title, "–"), new.get(title, "–"))
        for title in {**old, **new}
        if old.get(title, "–") != new.get(title, "–")
    ]


def _in_words(facts: PlanFacts) -> dict[str, str]:
    def yes(held: bool) -> str:
        return "Yes" if held else "No"

    return {
        "Name": facts.name,
        "Description": facts.description,
        **{
            plan_words.limit_title(name): plan_words.quantity(value)
            for name, value in facts.limits.items()
        },
        **{title: yes(flag in facts.flags) for flag, title in plan_words.FLAGS.items()},
        "Recommended": yes(facts.is_recommended),
        "Fixed number of days": yes(facts.fixed_days),
        "Place on the pricing page": formats.number(facts.sort_order),
    }


def _number(title: str, key: str, value: int | None) -> None:
    """A number that can be emptied, which Streamlit allows only without a default of its own."""
    if key not in st.session_state:
        st.session_state[key] = value
    st.number_input(title, UNLIMITED, LARGEST_LIMIT, None, step=1, key=key)
