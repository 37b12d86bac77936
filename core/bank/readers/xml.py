"""XML of strangers: no document type, no entities, no network, no huge trees."""

from typing import Any

from lxml import etree

from core.errors import BadInput

MOST_ELEMENTS = 1_000_000
"""Elements one file may hold; a payment takes about forty."""
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))
_NAMES = tuple("<!ENTITY".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))


def tree_of(data: bytes) -> Any:
    """The root element, its names without namespaces.

    Raises BadInput for a document type or entities of any kind, and with the line where the XML
    is broken. The parser's own limits refuse deep nesting and texts above 10 MB.
    """
    if data.count(b"<") > 2 * MOST_ELEMENTS:
        raise BadInput(f"The file holds more than {MOST_ELEMENTS:,} elements")
    if any(mark in data for mark in (*_DOCTYPES, *_NAMES)):
        raise BadInput("The file declares a document type or entities, which are not read")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except etree.XMLSyntaxError as problem:
        line = problem.lineno or 1
        raise BadInput(f"Line {line}: the XML is broken: {problem.msg}") from problem
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise BadInput("The file declares a document type, which is not read")
    for element in root.iter():
        if not isinstance(element.tag, str):
            raise BadInput(f"Line {element.sourceline}: the file refers to an entity")
        if element.tag[0] == "{":
            element.tag = element.tag.rpartition("}")[2]
    return root


def text_at(element: Any, *paths: str) -> str:
    """The text of the first of these places that has one, blanks squeezed."""
    for path in paths:
        for found in element.iterfind(path):
            words = " ".join((found.text or "").split())
            if words:
                return words
    return ""


def texts_at(element: Any, path: str) -> list[str]:
    """All texts of a place."""
    return [
        words for found in element.iterfind(path) if (words := " ".join((found.text or "").split()))
    ]
