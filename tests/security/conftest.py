"""The served Saldo of the browser journeys, for what a browser or a script could send."""

from tests.journeys.conftest import site

__all__ = ["site"]
