"""The HTML around every page: Streamlit's own, with Saldo's name, icon, font and first paint."""

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.headers import INDEX

HEAD = """<title>Saldo</title>
    <link rel="icon" href="/brand/mark.svg" type="image/svg+xml" />
    <link rel="preload" href="/brand/saldo-sans.woff2" as="font" type="font/woff2" crossorigin />
    <link rel="stylesheet" href="/brand/start.css" />
    <script src="/brand/start.js"></script>
    <script src="/brand/one-press.js" defer></script>"""
FRAME = '<div id="root"><div class="frame" aria-hidden="true"></div></div>'
"""The side bar with the logo, painted before any script; what React draws takes its place."""
REPLACED = {
    '<div id="root"></div>': FRAME,
    "<title>Streamlit</title>": HEAD,
    '<link rel="shortcut icon" href="./favicon.png" />': "",
    '<link rel="service-desc" href="./_stcore/agent/openapi.json" />': "",
    'href="./static/': 'href="/static/',
    'src="./static/': 'src="/static/',
}


@lru_cache
def index_html() -> str:
    """Streamlit's start page in Saldo's clothes; a missing piece means another Streamlit."""
    html = INDEX.read_text(encoding="utf-8")
    for old, new in REPLACED.items():
        if old not in html:
            raise RuntimeError(f"this Streamlit's start page has no {old!r}")
        html = html.replace(old, new)
    return html


async def shell(_request: Request) -> HTMLResponse:
    """The start page of every screen; what it shows comes over the websocket."""
    return HTMLResponse(index_html(), headers={"cache-control": "no-cache"})
