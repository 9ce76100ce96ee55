"""The command line. Commands load torch, FAISS and rich only when they need them."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``vectorlong``; see ``vectorlong --help``."""
    try:
        from vectorlong.cli.app import app

        for stream in (sys.stdout, sys.stderr):
            # A terminal whose encoding lacks a character shows a question mark in its place.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        app()
    except KeyboardInterrupt:  # before any command began
        sys.exit(130)
