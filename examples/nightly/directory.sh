# The run's directory. All executions of a run share BELFRY_RUN_ID; its colons and slashes stay out of names.
run=$(printf '%s' "${BELFRY_RUN_ID:-by-hand}" | tr -c 'A-Za-z0-9._-' '_')
out="out/$run"
mkdir -p "$out"
: "${BELFRY_RESULT:=/dev/null}"
