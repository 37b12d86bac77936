"""Sealing every stored secret anew after the encryption key was changed (PAY.7)."""

from sqlalchemy import select

from core.access.models import User
from core.access.sessions import totp_place
from core.actions import action
from core.gateways import configuring
from core.notifications.models import WebhookEndpoint
from core.notifications.webhooks import secret_place
from core.secrets import keys, seal, unseal
from core.work import Work


@action("secrets.resealed", needs="payment_config.manage", fresh=True)
def reseal_secrets(work: Work, *, reason: str) -> int:
    """Seal all secrets anew under the newest key; returns how many rows. Older keys may then go.

    Raises SecretUnreadable when one cannot be opened; then none is changed.
    """
    users = work.session.scalars(
        select(User).where(User.totp_sealed.is_not(None)).with_for_update()
    ).all()
    for user in users:
        user.totp_sealed = _again(work, str(user.totp_sealed), totp_place(user.id))
    endpoints = work.session.scalars(select(WebhookEndpoint).with_for_update()).all()
    for each in endpoints:
        if each.secret_sealed:
            each.secret_sealed = _again(work, each.secret_sealed, secret_place(each.id))
        if each.previous_sealed:
            each.previous_sealed = _again(work, each.previous_sealed, secret_place(each.id))
    gateways = configuring.reseal(work)
    newest = next(iter(keys(work.settings)))
    work.tell(encryption_key=newest, users=len(users), endpoints=len(endpoints), gateways=gateways)
    return len(users) + len(endpoints) + gateways


def _again(work: Work, stored: str, place: str) -> str:
    return seal(unseal(stored, place, work.settings), place, work.settings)
