#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests: one that is there, else Playwright's, else Debian's package.
# All that is said goes to standard error.
set -euo pipefail
cd "$(dirname "$0")/.."

works() { [ -n "$1" ] && "$1" --version > /dev/null 2>&1; }

offer() {
    if works "$1"; then
        echo "$1"
        exit 0
    fi
}

there() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        offer "$(command -v "$name" || true)"
    done
    offer "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
}

playwrights() {
    offer "$(.venv/bin/python -c '
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)')"
}

if [ -n "${CHROMIUM:-}" ]; then
    offer "$CHROMIUM"
    echo "CHROMIUM=$CHROMIUM cannot be started: give the path of a Chromium or Chrome." >&2
    exit 2
fi
there
playwrights

echo "No Chromium for the browser tests: fetching Playwright's ..." >&2
.venv/bin/playwright install chromium > .venv/chromium.log 2>&1 || echo "  that could not be fetched." >&2
playwrights

if command -v apt-get > /dev/null; then
    echo "Installing Debian's package chromium ..." >&2
    as_root=$([ "$(id -u)" = 0 ] || echo "sudo -n")
    {
        $as_root apt-get update && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y chromium
    } >> .venv/chromium.log 2>&1 || echo "  that could not be installed." >&2
    there
fi

echo "The browser tests need a Chromium and none could be brought (.venv/chromium.log says why)." >&2
echo "Install one and start again, or name it: make test CHROMIUM=/path/to/chromium" >&2
exit 2
