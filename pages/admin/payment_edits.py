"""The writes on keys of gateways: set or rotate, remove, seal anew; none is ever shown."""

from dataclasses import dataclass
from html import escape
from typing import cast

import streamlit as st

from core.errors import NotFound
from core.gateways.configuring import (
    LONGEST_KEY,
    GatewayConfig,
    Mode,
    gateway_configs,
    remove_keys,
    set_keys,
)
from core.gateways.credentials import FIELDS, NEEDED
from core.office import office
from core.resealing import reseal_secrets
from core.subscriptions.detail import tenant_names
from pages.admin import receipts
from pages.admin.gateway_words import FIELDS as TITLES
from pages.admin.gateway_words import MODES, SOURCES
from pages.parts import states, url, viewer
from pages.parts.confirm import Step, is_fresh

COMPANY = 0


@dataclass(frozen=True)
class Sheet:
    """A gateway as an owner has it; `owner` in words."""

    config: GatewayConfig
    owner: str


def subject(provider: str, tenant_id: int | None) -> str:
    """How the address names a gateway's keys."""
    return f"{provider}-{tenant_id or COMPANY}"


def stored_here(config: GatewayConfig) -> bool:
    """Whether these very keys are kept for this owner, and not inherited."""
    return config.source == ("own" if config.tenant_id else "company")


def _preview(given: str) -> Sheet:
    provider, _, number = given.partition("-")
    if provider not in FIELDS or (number != str(COMPANY) and not url.whole(number)):
        raise NotFound("There is no such gateway")
    tenant_id = url.whole(number) or None
    with office().work(viewer.current_actor()) as work:
        found = gateway_configs(office(), work, tenant_id)
        owner = tenant_names(work).get(tenant_id, f"tenant {tenant_id}") if tenant_id else ""
    config = next(each for each in found if each.provider == provider)
    return Sheet(config, owner or "the company")


def _show(sheet: Sheet) -> None:
    """The form; before the sign-in is fresh only what it is for, as typing would be lost."""
    config = sheet.config
    st.html(
        f"<p>Keys of <b>{escape(config.title)}</b> for <b>{escape(sheet.owner)}</b>. "
        f"{escape(SOURCES[config.source])}.</p>"
    )
    if not is_fresh():
        return
    mode = st.radio(
        "Mode",
        list(MODES),
        index=list(MODES).index(config.mode or "test"),
        key=_key(config, "mode"),
        format_func=MODES.__getitem__,
        horizontal=True,
    )
    if mode == "live":
        states.notice("warn", "With live keys real cards are charged")
    kept = config.shown if stored_here(config) else {}
    for name, is_secret in FIELDS[config.provider].items():
        needed = "" if name in NEEDED[config.provider] else ", may stay empty"
        st.text_input(
            f"{TITLES[name]}{needed}",
            key=_key(config, name),
            type="password" if is_secret else "default",
            max_chars=LONGEST_KEY,
            placeholder=f"{kept[name]}, stays when left empty" if name in kept else "",
        )


def _set(sheet: Sheet, reason: str, _key_of_dialog: str) -> str:
    config, given = sheet.config, st.session_state
    values = {name: str(given.get(_key(config, name)) or "") for name in FIELDS[config.provider]}
    with office().work(viewer.current_actor()) as work:
        set_keys(
            work,
            config.provider,
            values,
            cast("Mode", given.get(_key(config, "mode")) or config.mode or "test"),
            tenant_id=config.tenant_id,
            seen_version=config.version,
            reason=reason,
        )
    return receipts.keep(
        f"The keys of {config.title} for {sheet.owner} are kept", "gateway.keys.set"
    )


def _show_removal(sheet: Sheet) -> None:
    config = sheet.config
    after = "those of the company" if config.tenant_id else "those of this server's environment"
    st.html(
        f"<p>The keys of <b>{escape(config.title)}</b> for <b>{escape(sheet.owner)}</b> are "
        f"forgotten; {after} are used instead, if there are any. This cannot be undone.</p>"
    )


def _remove(sheet: Sheet, reason: str, _key_of_dialog: str) -> str:
    config = sheet.config
    with office().work(viewer.current_actor()) as work:
        remove_keys(work, config.provider, tenant_id=config.tenant_id, reason=reason)
    told = f"The keys of {config.title} for {sheet.owner} are forgotten"
    return receipts.keep(told, "gateway.keys.removed")


def _show_reseal(_subject: str) -> None:
    st.html(
        "<p>Every secret that is stored, keys of gateways, secrets of webhook endpoints and of "
        "second factors, is sealed anew under the newest encryption key. The secrets themselves "
        "stay as they are. Older encryption keys may go afterwards.</p>"
    )


def _reseal(_subject: str, reason: str, _key_of_dialog: str) -> str:
    with office().work(viewer.current_actor()) as work:
        rows = reseal_secrets(work, reason=reason)
    told = "1 secret is" if rows == 1 else f"{rows} secrets are"
    return receipts.keep(f"{told} sealed anew", "secrets.resealed")


def _key(config: GatewayConfig, field: str) -> str:
    return f"keys-{config.provider}-{field}"


SET = Step("set-keys", "Keys of a gateway", "Keep the keys", _preview, _show, _set)
REMOVE = Step("remove-keys", "Forget keys", "Forget them", _preview, _show_removal, _remove)
RESEAL = Step("reseal", "Seal secrets anew", "Seal them anew", str, _show_reseal, _reseal)
STEPS = (SET, REMOVE, RESEAL)
