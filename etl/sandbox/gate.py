"""The gate: DuckDB's own parse of a text, walked; everything in it is named as allowed or refused.

The walk runs in the child process, so that a text that breaks the parser breaks nothing else.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from etl.sandbox.allowed import EXPRESSIONS, FUNCTIONS, ROW_MAKERS, SHAPES, SHOWN

NOWHERE = 2**64 - 1
"""What the parser gives as the place of something it did not note."""
_PLAIN_NAME = re.compile(r"\w{1,100}")
_WORDS = {
    "PARAMETER": "a parameter ($name or ?)",
    "INSERT_QUERY_NODE": "a write (insert)",
    "UPDATE_QUERY_NODE": "a write (update)",
    "DELETE_QUERY_NODE": "a write (delete)",
    "MERGE_QUERY_NODE": "a write (merge)",
    "COPY_QUERY_NODE": "writing a file (copy)",
}
_PIVOT = (
    "A pivot needs its values listed: pivot t on column in ('a', 'b') using sum(amount); "
    "or write several statements one by one"
)


class Refused(Exception):
    """A text asks for something the sandbox does not allow; the message says what and where."""


def gate(connection: duckdb.DuckDBPyConnection, sql: str, relations: frozenset[str]) -> None:
    """Raise Refused unless the text is one query over the relations with allowed functions."""
    try:
        kinds = [statement.type.name for statement in connection.extract_statements(sql)]
        _one_query(kinds)
        [[text]] = connection.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
        tree = json.loads(text)
    except RecursionError as problem:
        raise Refused("The query is nested too deeply") from problem
    except (duckdb.Error, ValueError) as problem:
        raise Refused(_parser_words(str(problem), sql)) from problem
    if tree["error"]:
        raise Refused(_parser_words(str(tree.get("error_message", "")), sql))
    try:
        _Walk(sql, relations).into(tree["statements"], frozenset())
    except RecursionError as problem:
        raise Refused("The query is nested too deeply") from problem


def _one_query(kinds: list[str]) -> None:
    if kinds == ["SELECT"]:
        return
    if not kinds:
        raise Refused("There is no query in the text")
    if "MULTI" in kinds:
        raise Refused(_PIVOT)
    if len(kinds) > 1:
        raise Refused(f"One query at a time; these are {len(kinds)} statements")
    kind = kinds[0].replace("_", " ").lower()
    raise Refused(f"Only queries run here (select, from, with, show, describe), not {kind}")


class _Walk:
    """A walk over a parse; `ctes` are the names of `with` that are known at a place."""

    def __init__(self, sql: str, relations: frozenset[str]) -> None:
        self._sql, self._relations = sql, relations

    def into(self, node: Any, ctes: frozenset[str]) -> None:
        """Walk a node and all that is in it. Raises Refused."""
        if isinstance(node, list):
            for part in node:
                self.into(part, ctes)
        elif isinstance(node, dict):
            self._check(node, ctes)
            for entry in (node.get("cte_map") or {}).get("map", []):
                # A name of `with` is not known in its own query, but in those after it …
                self.into(entry["value"], ctes)
                ctes |= {self._cte_name(entry["key"])}
            for key, inner in _inner(node):
                self.into(inner, ctes | self._own_name(node, key))

    def _check(self, node: dict[str, Any], ctes: frozenset[str]) -> None:
        kind, shape = node.get("type"), node.get("class")
        if shape is not None and shape not in EXPRESSIONS:
            self._refuse(_WORDS.get(shape, shape.replace("_", " ").lower()), node)
        if shape is None and isinstance(kind, str) and kind not in SHAPES:
            self._refuse(_WORDS.get(kind, kind.replace("_", " ").lower()), node)
        if kind == "BASE_TABLE":
            self._table(_path(node), ctes)
        elif kind == "SHOW_REF":
            self._shown(node)
        elif kind == "TABLE_FUNCTION":
            self._function(_path(node["function"]), ROW_MAKERS, node)
        elif shape in ("FUNCTION", "WINDOW"):
            self._function(_path(node), FUNCTIONS, node)

    def _table(self, path: list[str], ctes: frozenset[str]) -> None:
        if len(path) != 1 or path[0].lower() not in self._relations | ctes:
            name = ".".join(path)
            raise Refused(
                f"There is no table {name!r} here{self._found(path[-1])}; "
                "“show tables” lists those there are, each by its bare name"
            )

    def _shown(self, node: dict[str, Any]) -> None:
        if node.get("query") is not None:
            return
        path = _path(node)
        if node.get("show_type") == "SHOW_SPECIAL":
            if path[0] not in SHOWN:
                raise Refused("“show” lists tables or describes one of them, nothing else")
        else:
            self._table(path or [""], frozenset())

    def _function(
        self, path: list[str], allowed: frozenset[str] | set[str], node: dict[str, Any]
    ) -> None:
        if len(path) != 1 or path[0].lower() not in allowed:
            name = ".".join(path)
            where = self._at(node.get("query_location")) or self._found(path[-1] if path else "")
            after = " after “from”" if allowed is ROW_MAKERS else ""
            raise Refused(f"The function {name!r} is not allowed{after}{where}")

    def _refuse(self, what: str, node: dict[str, Any]) -> None:
        raise Refused(f"Not allowed in a query: {what}{self._at(node.get('query_location'))}")

    def _cte_name(self, name: str) -> str:
        if not _PLAIN_NAME.fullmatch(name):
            raise Refused(f"A name after “with” has letters, digits and _ alone, unlike {name!r}")
        return name.lower()

    def _own_name(self, node: dict[str, Any], key: str) -> frozenset[str]:
        """… and a recursive one in its own second half."""
        if node.get("type") == "RECURSIVE_CTE_NODE" and key == "right":
            return frozenset({self._cte_name(node["cte_name"])})
        return frozenset()

    def _at(self, place: object) -> str:
        if not isinstance(place, int) or not 0 <= place <= len(self._sql):
            return ""
        before = self._sql[:place]
        return f" (line {before.count(chr(10)) + 1}, column {place - before.rfind(chr(10))})"

    def _found(self, name: str) -> str:
        place = self._sql.lower().find(name.lower()) if name else -1
        return self._at(place)


def _inner(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What lies in a node; of a function after `from` its arguments, as its name was checked."""
    for key, value in node.items():
        if key == "cte_map":
            continue
        if key == "function" and node.get("type") == "TABLE_FUNCTION":
            yield from value.items()
        else:
            yield key, value


def _path(node: dict[str, Any]) -> list[str]:
    """A name's parts; never joined, as a name may hold dots of its own."""
    return list(node["qualified_name"]["path"])


def _parser_words(message: str, sql: str) -> str:
    """A parser's message without the picture of the text, and with its line and column."""
    words = message.partition("\n\n")[0].replace("Parser Error: ", "").strip()
    near = re.search(r'at or near "(.+)"$', words)
    if near and sql.count(near[1]) == 1:
        place = sql.index(near[1])
        line = sql.count("\n", 0, place) + 1
        words += f" (line {line})"
    return f"This is no query that DuckDB understands: {words[:300]}"
