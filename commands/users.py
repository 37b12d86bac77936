"""`saldo user …`: accounts, their roles and the permission table, changed by a user who may."""

import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core import schema
from core.access import actions, queries
from core.access.authority import system
from core.access.queries import MOST_USERS, RoleRow, UserRow
from core.db import database_url
from core.errors import NotFound
from core.office import office
from core.settings import settings
from core.work import Work

app = typer.Typer(help="Accounts.", no_args_is_help=True)
MADE_LENGTH = 12
"""Bytes of chance in a password that is made."""
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The account's address.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="Such as sys_finance.")]
Permission = Annotated[str, typer.Argument(metavar="PERMISSION", help="Such as billing.read.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]


@app.command("list")
@command
def list_users(
    search: Annotated[str | None, typer.Option(help="Part of a name, e-mail or tenant.")] = None,
    role: Annotated[str | None, typer.Option(help="Only those who have it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_USERS)] = 100,
    as_json: AsJson = False,
) -> None:
    """List the accounts, the closed ones too."""
    with office().work(system("saldo user list")) as work:
        rows = [asdict(row) for row in queries.users(work, search, role, limit)]
    answer({"users": rows}, as_json, lambda result: _show_users(result["users"]))


@app.command("add")
@command
def add_user(
    email: str,
    role: Annotated[list[str], typer.Option(help="A role; may be given several times.")],
    name: Annotated[str, typer.Option()] = "",
    tenant_id: Annotated[int | None, typer.Option(help="For a tenant's own user.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False,
    as_json: AsJson = False,
) -> None:
    """Open an account; without --password-stdin a password is made and shown once."""
    schema.upgrade(database_url(settings(), owner=True))
    password = _password(password_stdin)
    with office().work(system("saldo user add")) as work:
        user = actions.create_user(
            work,
            email,
            name,
            password,
            tuple(role),
            tenant_id=tenant_id,
            reason="added by the operator",
        )
    result = {"id": user.id, "email": user.email, "roles": role}
    if not password_stdin:
        result["password"] = password
    answer(
        result, as_json, lambda r: console.print(f"{r['email']}  {r.get('password', '')}".strip())
    )


@app.command()
@command
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="The person's.")],
    reason: Reason,
    user: User,
    role: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    tenant: Annotated[int | None, typer.Option(help="For a tenant's own user.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Open an account; without --password-stdin a password is made and shown once."""
    password = _password(password_stdin)
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.create_user(
            work, email, name, password, tuple(role or ()),
            tenant_id=tenant, reason=reason, key=key,
        )  # fmt: skip
        result = asdict(queries.user(work, made.id))
    if not password_stdin:
        result["password"] = password
    answer(result, as_json, _show_made)


@app.command()
@command
def disable(email: Email, reason: Reason, user: User, as_json: AsJson = False) -> None:
    """Close an account; all its sessions end at once."""
    _change(
        email,
        user,
        lambda work, number: actions.disable_user(work, number, reason=reason),
        as_json,
    )


@app.command("reset-totp")
@command
def reset_totp(email: Email, reason: Reason, user: User, as_json: AsJson = False) -> None:
    """Switch off the one-time codes of somebody whose phone is gone; the sessions end."""
    _change(
        email,
        user,
        lambda work, number: actions.reset_totp(work, number, reason=reason),
        as_json,
    )


@app.command()
@command
def grant(email: Email, role: Role, reason: Reason, user: User, as_json: AsJson = False) -> None:
    """Give an account a role."""
    _change(
        email,
        user,
        lambda work, number: actions.grant_role(work, number, role, reason=reason),
        as_json,
    )


@app.command()
@command
def revoke(email: Email, role: Role, reason: Reason, user: User, as_json: AsJson = False) -> None:
    """Take a role from an account; it bites at the person's next action."""
    _change(
        email,
        user,
        lambda work, number: actions.revoke_role(work, number, role, reason=reason),
        as_json,
    )


@app.command()
@command
def roles(as_json: AsJson = False) -> None:
    """List the roles and what each grants."""
    with office().work(system("saldo user roles")) as work:
        rows = [_role(row) for row in queries.permission_table(work)]
    answer({"roles": rows}, as_json, lambda result: _show_roles(result["roles"]))


@app.command()
@command
def permit(
    role: Role, permission: Permission, reason: Reason, user: User, as_json: AsJson = False
) -> None:
    """Add a permission to a role; for super admins."""
    _edit(role, user, lambda work: actions.grant_permission(work, role, permission, reason=reason),
          as_json)  # fmt: skip


@app.command()
@command
def forbid(
    role: Role, permission: Permission, reason: Reason, user: User, as_json: AsJson = False
) -> None:
    """Take a permission from a role; for super admins."""
    _edit(role, user, lambda work: actions.revoke_permission(work, role, permission, reason=reason),
          as_json)  # fmt: skip


def _password(from_stdin: bool) -> str:
    """The first line of standard input, or one made by chance."""
    return sys.stdin.readline().rstrip("\n") if from_stdin else secrets.token_urlsafe(MADE_LENGTH)


def _change(email: str, user: str, do: Callable[[Work, int], object], as_json: bool) -> None:
    with office().work(system("saldo user")) as work:
        number = _named(work, email).id
    with acting_as(office(), user) as actor, office().work(actor) as work:
        do(work, number)
    with office().work(system("saldo user")) as work:
        result = asdict(queries.user(work, number))
    answer(result, as_json, lambda row: _show_users([row]))


def _edit(role: str, user: str, do: Callable[[Work], None], as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        do(work)
    with office().work(system("saldo user")) as work:
        (row,) = (row for row in queries.permission_table(work) if row.role == role)
    answer(_role(row), as_json, lambda result: _show_roles([result]))


def _named(work: Work, email: str) -> UserRow:
    wanted = email.strip().lower()
    found = [row for row in queries.users(work, wanted, limit=MOST_USERS) if row.email == wanted]
    if not found:
        raise NotFound(f"There is no user {email}")
    return found[0]


def _role(row: RoleRow) -> dict[str, Any]:
    return {
        "role": row.role,
        "title": row.title,
        "granted": sorted(row.granted),
        "allowed": sorted(row.allowed),
        "members": row.members,
    }


def _show_made(row: dict[str, Any]) -> None:
    console.print(f"{row['email']}  {row.get('password', '')}".strip())


def _show_users(rows: list[dict[str, Any]]) -> None:
    table(
        ["Id", "Name", "E-mail", "Of", "Roles", "Account"],
        [
            [
                str(row["id"]),
                row["name"],
                row["email"],
                row["tenant_name"] or "platform",
                ", ".join(row["roles"]),
                "closed" if row["disabled_at"] else "open",
            ]
            for row in rows
        ],
        right=(0,),
    )


def _show_roles(rows: list[dict[str, Any]]) -> None:
    table(
        ["Role", "Grants", "Open accounts"],
        [[row["role"], ", ".join(row["granted"]), str(row["members"])] for row in rows],
        right=(2,),
    )
