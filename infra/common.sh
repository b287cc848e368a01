# shellcheck shell=bash disable=SC2034
# Sourced by infra/check, infra/package and localstack/up: what is built, and where terraform and its provider are.

FUNCTIONS=(tick dispatcher worker api archive)
CARGO_FUNCTIONS=(-p belfry-tick -p belfry-dispatcher -p belfry-worker -p belfry-api -p belfry-archive --bins
    --features "belfry-worker/lambda,belfry-api/lambda")

# binary FUNCTION: what cargo calls its program.
binary() { printf '%s\n' "$1"; }

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# Sets TERRAFORM. OpenTofu does as well.
find_terraform() {
    TERRAFORM=${BELFRY_TERRAFORM:-}
    if [ -z "$TERRAFORM" ]; then
        TERRAFORM=$(command -v terraform || command -v tofu) ||
            fail "terraform is not on the PATH. Install 1.9 or later (https://developer.hashicorp.com/terraform/install)," \
                "or name it in BELFRY_TERRAFORM."
    fi
    export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
    # A file named there that doesn't exist is a warning at every call.
    if [ -n "${TF_CLI_CONFIG_FILE:-}" ] && [ ! -e "$TF_CLI_CONFIG_FILE" ]; then
        unset TF_CLI_CONFIG_FILE
    fi
}

# Prints the directory of a provider mirror on this machine, or nothing.
provider_mirror() {
    if [ -n "${BELFRY_TERRAFORM_PLUGIN_DIR:-}" ]; then
        printf '%s\n' "$BELFRY_TERRAFORM_PLUGIN_DIR"
        return
    fi
    local found
    found=$(find / -xdev -path /proc -prune -o -path '*/registry.terraform.io/hashicorp/aws/*' \
        -name 'terraform-provider-aws_v*' -not -path '*/.terraform/*' -not -path "$1/*" -print 2>/dev/null | sort -V | tail -n 1) || true
    printf '%s\n' "${found%%/registry.terraform.io/*}"
}

# terraform_init ROOT DATA_DIRECTORY CACHE [ARGUMENT…]: with the registry where it can be reached, else with a mirror.
terraform_init() {
    local root=$1 data=$2 cache=$3 log mirror
    shift 3
    mkdir -p "$data" "$cache"
    log="$data/init.log"
    if [ -z "${BELFRY_TERRAFORM_PLUGIN_DIR:-}" ]; then
        if TF_DATA_DIR="$data" TF_PLUGIN_CACHE_DIR="$cache" TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1 \
            "$TERRAFORM" -chdir="$root" init -no-color "$@" >"$log" 2>&1; then
            return
        fi
        grep -qiE 'registry|could not connect|query available provider' "$log" || {
            cat "$log" >&2
            fail "terraform init failed in $root"
        }
    fi
    mirror=$(provider_mirror "$cache")
    [ -n "$mirror" ] || {
        cat "$log" >&2
        fail "the provider registry can't be reached, and no copy of the AWS provider was found here." \
            "Set BELFRY_TERRAFORM_PLUGIN_DIR to a mirror (terraform providers mirror DIR)."
    }
    export BELFRY_TERRAFORM_PLUGIN_DIR=$mirror
    TF_DATA_DIR="$data" "$TERRAFORM" -chdir="$root" init -no-color -plugin-dir="$mirror" "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        fail "terraform init failed in $root with the providers in $mirror"
    }
}

# Prints what Python to make environments with.
find_python() {
    command -v python3 || fail "python3 is not on the PATH. Install Python 3.10 or later with venv."
}

# python_environment DIRECTORY PACKAGE==VERSION: makes it once for each version. Tests that need the same one hold the
# same lock, where there is flock.
python_environment() {
    local directory=$1 package=$2 python
    mkdir -p "$(dirname "$directory")"
    exec 9>"$directory.lock"
    if command -v flock >/dev/null; then flock 9; fi
    if [ "$(cat "$directory/installed" 2>/dev/null)" = "$package" ]; then
        exec 9>&-
        return
    fi
    python=$(find_python)
    say "installing $package into $directory"
    rm -rf "$directory"
    "$python" -m venv "$directory" ||
        fail "python3 -m venv failed. On Debian and Ubuntu it needs: apt install python3-venv"
    "$directory/bin/pip" install --quiet --disable-pip-version-check "$package" ||
        fail "pip could not install $package; see above."
    printf '%s' "$package" >"$directory/installed"
    exec 9>&-
}
