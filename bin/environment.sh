# For the other scripts to read in. They set $checkout.

# See that .venv has what constraints.txt and pyproject.toml ask for, with the extras in $1, if any.
# Each time it costs one comparison of files; Python is not started.
need_environment() {
    venv=$checkout/.venv
    if [ -x "$venv/bin/python" ] && [ "$(wanted)" = "$(cat "$venv/installed${1:+-$1}" 2>/dev/null)" ]; then
        return
    fi
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            wanted | "$python" "$checkout/bin/make_environment.py" "$venv" "${1:-}"
            return
        fi
    done
    found=$(python3 --version 2>&1) || found="no python3"
    echo "tollbook: needs Python 3.11 or later, and here is $found; install python3.11 and run the command again" >&2
    exit 1
}

# What an environment is made of. A checkout that was moved needs a new one too.
wanted() {
    printf '%s\n' "$checkout"
    cat "$checkout/constraints.txt" "$checkout/pyproject.toml"
}
