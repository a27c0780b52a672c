#!/usr/bin/env bash
# Makes or renews .venv with the project and its pinned dependencies: ci/environment.sh EXTRAS
# PYTHON and TORCH are explained in the Makefile.
set -euo pipefail
cd "$(dirname "$0")/.."
extras=$1
python=${PYTHON:-python3}
log=.venv/install.log

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    found=$({ "$python" --version; } 2>&1) || found="not there"
    echo "Bakeoff needs Python 3.11 or newer, but '$python' is $found: name another, as in make PYTHON=python3.12" >&2
    exit 2
fi
if [ "$TORCH" != cuda ] && [ "$TORCH" != cpu ]; then
    echo "TORCH=$TORCH: say TORCH=cpu or TORCH=cuda." >&2
    exit 2
fi

# Says what pip is busy with: on one line in a terminal, else a line now and then.
narrate() {
    local terminal=0
    [ -t 1 ] && terminal=1
    awk -v terminal=$terminal '
        /^ *(Collecting|Processing|Downloading|Installing collected) / {
            sub(/^ */, ""); sub(/ \(from .*/, ""); sub("[^ ]*/", "")
            if (/^Installing/) $0 = "Unpacking " NF - 3 " packages; this may take a minute"
            if (terminal) { printf "\r\033[K  %.100s", $0; fflush() }
            else if (++lines % 50 == 0 || /^Unpacking/) { print "  " $0 " ..."; fflush() }
        }
        END { if (terminal) printf "\r\033[K" }'
}

install() {
    .venv/bin/python -m pip install --disable-pip-version-check -c ci/constraints.txt "$@" 2>&1 | tee -a $log | narrate
}

give_up() {
    grep -v '^WARNING' $log | tail -15 >&2
    echo "The environment could not be made; the whole story is in $log. Mend the cause, then start again." >&2
    exit 1
}

start=$SECONDS
if ! .venv/bin/python -c '' 2>/dev/null; then
    echo "Making .venv with $("$python" --version); this is done once."
    "$python" -m venv --clear .venv
fi
: > $log

torch=$(sed -n 's/^torch==//p' ci/constraints.txt)
echo "Installing torch $torch ($TORCH) ..."
if [ "$TORCH" = cuda ]; then
    install "torch===$torch" || give_up # === leaves out builds such as $torch+cpu
elif ! install "torch==$torch+cpu"; then
    [ "$(uname)" != Linux ] || cat <<END
  pip is offered no CPU-only build, so the one with CUDA comes (about 3 GB; it runs on CPUs too).
  For the small one set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds (see its "Get started" page) and start again.
END
    install "torch==$torch" || give_up
fi

echo "Installing bakeoff[$extras] and what it needs, pinned in ci/constraints.txt ..."
install -e ".[$extras]" || give_up
echo "The environment is ready after $((SECONDS - start)) s."
