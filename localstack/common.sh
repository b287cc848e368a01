# shellcheck shell=bash disable=SC2154
# Sourced by localstack/up and localstack/down, in the repository's root.

# What runs here has nothing to do with an account that this shell may be set up for.
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"

target=${CARGO_TARGET_DIR:-$repository/target}
port=${BELFRY_EMULATOR_PORT:-4566}
endpoint=${BELFRY_EMULATOR_ENDPOINT:-http://127.0.0.1:$port}
state=${BELFRY_EMULATOR_STATE:-$target/localstack}
data=$state/terraform

# Whether an emulator answers there.
answers() {
    curl --silent --fail --max-time 2 --output /dev/null "$endpoint/_ministack/health" ||
        curl --silent --fail --max-time 2 --output /dev/null "$endpoint/_localstack/health"
}

# Prints the process id of the emulator that localstack/up started, while it lives. Ids are used again: it is looked at.
emulator() {
    local pid
    pid=$(cat "$state/emulator.pid" 2>/dev/null) || return 1
    ps -o args= -p "$pid" 2>/dev/null | grep -q ministack || return 1
    printf '%s\n' "$pid"
}

# This script removes that directory: it must be one that it made.
own_state() {
    if [ -d "$state" ] && [ -n "$(ls -A "$state")" ] && [ ! -e "$state/.belfry-emulator" ]; then
        fail "$state is not a directory of localstack/up's; BELFRY_EMULATOR_STATE must name an empty or a new one."
    fi
}

run_terraform() {
    local command=$1 variables=()
    shift
    case $command in
    apply | plan | destroy)
        variables=(
            -var "endpoint=$endpoint"
            -var "packages=${packages:-$state/packages}"
            -var "architecture=${BELFRY_ARCHITECTURE:-$(machine)}"
            -var "tick_clock=${BELFRY_TICK_CLOCK:-scheduler}"
            -var "http_api=${BELFRY_HTTP_API:-true}"
        )
        ;;
    esac
    TF_DATA_DIR="$data" "$TERRAFORM" -chdir=localstack "$command" -no-color "${variables[@]}" "$@"
}

# This machine, as Lambda calls it.
machine() {
    case $(uname -m) in
    arm64 | aarch64) echo arm64 ;;
    *) echo x86_64 ;;
    esac
}
