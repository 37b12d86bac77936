"""The HTML around every page: Streamlit's own, with Saldo's name, icon, font and first paint."""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.headers import INDEX

STYLE = Path(__file__).resolve().parents[1] / "static" / "app.css"
HEAD = """<title>Saldo</title>
    <link rel="icon" href="/brand/mark.svg" type="image/svg+xml" />
    <link rel="preload" href="/brand/saldo-sans.woff2" as="font" type="font/woff2" crossorigin />
    <link rel="stylesheet" href="/brand/start.css" />
    <script src="/brand/start.js"></script>
    <script src="/brand/one-press.js" defer></script>"""
BODY = '<div id="root"></div>'
REPLACED = {
    "<title>Streamlit</title>": HEAD,
    '<link rel="shortcut icon" href="./favicon.png" />': "",
    '<link rel="service-desc" href="./_stcore/agent/openapi.json" />': "",
    'href="./static/': 'href="/static/',
    'src="./static/': 'src="/static/',
}
OTHER_FONT = re.compile(r'<link\s+rel="preload"\s+href="[^"]+"\s+as="font"[^>]+>')
"""Streamlit's own font, which no page of Saldo shows."""
PARTS = ("Html", "Selectbox", "ButtonGroup", "DateInput", "PageLink")
"""Streamlit's modules that nearly every page draws with, asked for before the page says so."""
READS = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')


@lru_cache
def index_html() -> str:
    """Streamlit's start page in Saldo's clothes; a missing piece means another Streamlit."""
    html = INDEX.read_text(encoding="utf-8")
    if not OTHER_FONT.search(html):
        raise RuntimeError("this Streamlit's start page asks for no font of its own")
    html = OTHER_FONT.sub("", html)
    ahead = "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">\n    '
        for name in sorted(_modules(PARTS))
        if name not in html
    )
    version = hashlib.sha256(STYLE.read_bytes()).hexdigest()[:12]
    style = f'<link rel="stylesheet" href="/brand/app.css?v={version}" />\n    '
    for old, new in {"</head>": ahead + "</head>", BODY: style + BODY, **REPLACED}.items():
        if old not in html:
            raise RuntimeError(f"this Streamlit's start page has no {old!r}")
        html = html.replace(old, new)
    return html


def _modules(parts: Iterable[str]) -> set[str]:
    """The files of some of Streamlit's modules, and those that they read."""
    folder = INDEX.parent / "static" / "js"
    waiting = [next(path.name for path in folder.glob(f"{part}.*.js")) for part in parts]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += READS.findall((folder / name).read_text(encoding="utf-8"))
    return found


async def shell(_request: Request) -> HTMLResponse:
    """The start page of every screen; what it shows comes over the websocket."""
    return HTMLResponse(index_html(), headers={"cache-control": "no-cache"})
