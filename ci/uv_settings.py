"""Prints pip's configuration as variables for uv, which reads none of pip's.

    eval "$(.venv/bin/python ci/uv_settings.py)"

A mirror, a folder of wheels or a certificate that pip is told of in a file or
a variable (PIP_INDEX_URL and the like) then serves uv as well. Variables of
uv's that are set already win. Fails, and names the option, where pip is told
something that uv cannot be told: then pip has to install.
"""

import ast
import os
import shlex
import subprocess
import sys

SPACES, COMMAS = " ", ","

# Of each option of pip's: the variable for uv, and what parts its values.
TRANSLATED = {
    "index-url": ("UV_INDEX_URL", SPACES),
    "extra-index-url": ("UV_EXTRA_INDEX_URL", SPACES),
    "find-links": ("UV_FIND_LINKS", COMMAS),
    "constraint": ("UV_CONSTRAINT", SPACES),
    "trusted-host": ("UV_INSECURE_HOST", SPACES),
    "cert": ("SSL_CERT_FILE", SPACES),
    "timeout": ("UV_HTTP_TIMEOUT", SPACES),
    "default-timeout": ("UV_HTTP_TIMEOUT", SPACES),
}

# What is installed does not depend on these.
HARMLESS = {
    "break-system-packages",
    "cache-dir",
    "compile",
    "disable-pip-version-check",
    "log",
    "no-cache-dir",
    "no-color",
    "no-compile",
    "no-input",
    "no-warn-script-location",
    "prefer-binary",  # every version is pinned
    "progress-bar",
    "quiet",
    "require-virtualenv",
    "retries",
    "root-user-action",
    "use-feature",
    "verbose",
}

INDEXES = {
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
}


def configured(listing: str) -> dict[str, str]:
    """Options that hold for ``pip install``, from ``pip config list``.

    A line is ``section.option='value'``. Variables (section ``:env:``) win
    over the section ``install``, and that over ``global``.
    """
    found: dict[str, dict[str, str]] = {
        "global": {},
        "install": {},
        ":env:": {},
    }
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in found:
            found[section][option] = ast.literal_eval(value)
    return found["global"] | found["install"] | found[":env:"]


def settings(options: dict[str, str], taken: set[str]) -> dict[str, str]:
    """Variables for uv, but for those that are ``taken``.

    Raises ``LookupError`` for an option that uv has no variable for.
    """
    variables = {"UV_SYSTEM_CERTS": "1"}  # as pip does
    for option, value in options.items():
        if option in HARMLESS:
            continue
        if option not in TRANSLATED:
            raise LookupError(option)
        name, separator = TRANSLATED[option]
        variables[name] = separator.join(value.split())
    # pip takes the best version of all indexes, uv the first index that has
    # any: PyTorch's, say, which also has old versions of other packages.
    variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    hidden = set(taken)
    if taken & INDEXES:
        hidden |= INDEXES
    return {k: v for k, v in variables.items() if k not in hidden}


def main() -> None:
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout
    try:
        variables = settings(configured(listing), set(os.environ))
    except LookupError as unknown:
        sys.exit(f"pip is configured with {unknown}, which uv cannot be told.")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
