#!/usr/bin/env bash
# Makes or renews .venv with the project and its pinned dependencies: ci/environment.sh [EXTRAS]
# PYTHON and TORCH are explained in the Makefile.
set -euo pipefail
cd "$(dirname "$0")/.."
extras=${1:-}
project=.${extras:+[$extras]}
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

# Says what pip or uv is busy with: on one line in a terminal, else a line now and then.
narrate() {
    local terminal=0
    [ -t 1 ] && terminal=1
    awk -v terminal=$terminal '
        /^ *(Collecting|Processing|Downloading|Installing collected|Resolved|Building|Prepared|Installed) / {
            sub(/^ */, ""); sub(/ \(from .*/, ""); sub("[^ ]*/", "")
            if (/^Installing/) $0 = "Unpacking " NF - 3 " packages; this may take a minute"
            if (terminal) { printf "\r\033[K  %.100s", $0; fflush() }
            else if (++lines % 50 == 0 || /^Unpacking|^Installed/) { print "  " $0 " ..."; fflush() }
        }
        END { if (terminal) printf "\r\033[K" }'
}

with_pip() {
    .venv/bin/python -m pip install --disable-pip-version-check -c ci/constraints.txt "$@"
}

with_uv() {
    (
        eval "$uv_settings"
        "$uv" pip install --python .venv/bin/python -c ci/constraints.txt "$@"
    )
}

# Finds the uv of the PATH, or brings one: it installs in a fraction of pip's time. Where pip's configuration has no
# equivalent, or there is no uv for this machine, pip installs everything.
find_uv() {
    uv_settings=$(.venv/bin/python ci/uv_settings.py 2>> $log) || return 1
    uv=$(command -v uv) && return
    uv=.venv/bin/uv
    [ -x $uv ] || with_pip uv >> $log 2>&1
}

install() {
    "with_$installer" "$@" 2>&1 | tee -a $log | narrate
}

install_torch() {
    echo "Installing torch $torch ($TORCH) with $installer ..."
    if [ "$TORCH" = cuda ]; then
        install "torch===$torch" # === leaves out builds such as $torch+cpu
        return
    fi
    install "torch==$torch+cpu" && return
    [ "$(uname)" != Linux ] || cat <<END
  No index offers a CPU-only build, so the one with CUDA comes (about 3 GB; it runs on CPUs too).
  For the small one set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds (see its "Get started" page) and start again.
END
    install "torch==$torch"
}

install_all() {
    installer=$1
    install_torch || return
    echo "Installing ${project/./bakeoff} and what it needs, pinned in ci/constraints.txt ..."
    install -e "$project"
}

give_up() {
    { grep -v '^WARNING' $log || true; } | tail -15 >&2
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

if ! find_uv; then
    install_all pip || give_up
elif ! install_all uv; then
    echo "uv could not install this; pip tries."
    install_all pip || give_up
fi
echo "The environment is ready after $((SECONDS - start)) s."
