#!/bin/sh
# Pushes COUNT orders, no faster than belfry takes them. `docs/backpressure.md` explains it.
#
#   belfry up --pool press=1 --backlog-limit press/low=2
#   examples/backpressure/push.sh 10
#
# curl waits as long as Retry-After says, and the key makes it safe to ask again.
set -eu
url=${BELFRY_URL:-http://127.0.0.1:7433}
for order in $(seq "${1:-10}"); do
    curl --no-progress-meter --fail --retry 50 --retry-max-time 600 --output /dev/null \
        --header "Idempotency-Key: order-$order" --json \
        '{"name": "order", "pool": "press", "priority": "low", "command": "sleep 1"}' \
        "$url/v1/executions"
    echo "order $order is accepted"
done
