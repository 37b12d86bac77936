"""Refusals are classes whose docstring a page can show; programmer mistakes are asserts."""


class SaldoError(Exception):
    """Something was refused; the message says what and why."""

    code = "refused"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class BadMoney(SaldoError):
    """This is not an amount of money."""

    code = "bad_money"


class NotAllowed(SaldoError):
    """Your role does not allow this."""

    code = "not_allowed"


class SignInNeeded(SaldoError):
    """Your session has ended; sign in again."""

    code = "sign_in_needed"


class FreshAuthNeeded(SaldoError):
    """Confirm your password again: this needs a sign-in of the last five minutes."""

    code = "fresh_auth_needed"


class ReasonNeeded(SaldoError):
    """Give a reason of at least ten characters; it is kept in the audit log."""

    code = "reason_needed"


class KeyReused(SaldoError):
    """This idempotency key was used for a different request."""

    code = "key_reused"


class NotFound(SaldoError):
    """There is no such record."""

    code = "not_found"


class NotNow(SaldoError):
    """The record is in a state that does not allow this."""

    code = "not_now"


class MonthClosed(NotNow):
    """The month is closed and takes no postings; nothing was written."""

    code = "month_closed"


class ChangedMeanwhile(SaldoError):
    """Somebody changed this record in the meantime; look again."""

    code = "changed_meanwhile"


class BadInput(SaldoError):
    """The input was refused; nothing was written."""

    code = "bad_input"


class BadSignIn(SaldoError):
    """E-mail, password or code is wrong, or the account is locked for a while."""

    code = "bad_sign_in"


class InsufficientBalance(SaldoError):
    """The wallet holds less than this takes; nothing was written."""

    code = "insufficient_balance"


class DatabaseUnavailable(SaldoError):
    """The operational database does not answer."""

    code = "database_unavailable"


class SchemaBehind(SaldoError):
    """The database's schema is older than this version; run saldo db upgrade."""

    code = "schema_behind"


class NoCopy(SaldoError):
    """There is no analytics copy yet; run a sync."""

    code = "no_copy"


class CheckFailed(SaldoError):
    """A check failed; the last good state stays."""

    code = "check_failed"
