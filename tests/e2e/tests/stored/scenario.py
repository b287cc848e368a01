"""What the stored data holds: jobs and work in every state that a version before may have left behind.

Works on any belfry of 8c9e479 that answers `call(method, path, body, headers)`. `target(kind)` gives what a job runs:
`good` ends well, `list` too and gives a list, `bad` fails for good, `fails_first` only once, `held` runs until it is
let go, `slow` longer than it may. `until(what, look)` waits for what is to be seen.
"""
import datetime


def instant(seconds, of=None):
    """RFC 3339, whole seconds, so far from now."""
    now = of or datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def jobs(target):
    good, held, bad = target("good"), target("held"), target("bad")
    return [
        # Schedules.
        {"job_id": "hourly", "schedule": "0 * * * *", "target": good, "tags": {"team": "data"}},
        {"job_id": "hourly_skip", "schedule": "0 * * * *", "misfire": "skip", "target": good},
        {"job_id": "interval", "schedule": "@every 90s", "misfire": "skip", "target": good},
        {"job_id": "once_far", "run_at": "2099-12-24T18:00:00Z", "target": good},
        {"job_id": "once_soon", "run_at": instant(1800), "target": good},
        {"job_id": "vancouver", "schedule": "0 9 * * *", "timezone": "America/Vancouver", "misfire": "skip", "target": good},
        {"job_id": "paused", "schedule": "*/5 * * * *", "target": good, "paused": True},
        {"job_id": "deadline", "schedule": "0 0 1 1 *", "must_finish_by": "2h", "target": held, "misfire": "skip"},
        # Slots that wait for the slots of others. They end, so that each has a few slots and no more.
        {"job_id": "upstream", "schedule": "*/10 * * * * *", "end": instant(25), "target": held, "concurrency": "forbid"},
        {"job_id": "downstream", "schedule": "*/10 * * * * *", "end": instant(25), "dependencies": ["upstream"],
         "trigger_rule": "all_done", "dependency_timeout": "7d", "target": good},
        # Runs that flow down.
        {"job_id": "root", "target": target("list")},
        {"job_id": "leaf", "dependencies": ["root"], "target": good, "input": {"from": {"$result": "root"}}},
        {"job_id": "each", "dependencies": ["root"], "for_each": {"$result": "root"}, "target": held},
        {"job_id": "joined", "dependencies": ["each"], "target": good},
        {"job_id": "needs_bad", "dependencies": ["fails"], "target": good},
        {"job_id": "only_if_bad", "dependencies": ["root"], "trigger_rule": "all_failed", "target": good},
        # Ends.
        {"job_id": "fails", "target": bad, "max_retries": 0},
        {"job_id": "flaky", "target": target("fails_first"), "max_retries": 2,
         "retry": {"backoff": "fixed", "base": "30m", "jitter": "none"}},
        {"job_id": "times_out", "target": target("slow"), "timeout": "1s", "max_retries": 0},
        # Limits.
        {"job_id": "one_at_a_time", "target": held, "max_concurrency": 1},
        {"job_id": "replacing", "target": held, "concurrency": "replace"},
        {"job_id": "keyed", "target": held, "max_concurrency": 1, "concurrency_key": "input.customer"},
        {"job_id": "rated", "target": good, "rate_limit": {"starts": 1, "per": "20m"}},
        {"job_id": "broken", "target": bad, "max_retries": 0, "circuit": {"threshold": 1, "open_for": "30m"}},
        # Others' work.
        {"job_id": "backfilled", "schedule": "@daily", "target": held, "misfire": "skip"},
        {"job_id": "outside", "pool": "outside", "target": good, "max_retries": 0},
        {"job_id": "unserved", "pool": "unserved", "target": good},
    ]


def write(call, target, until):
    """Everything, in its order; what a test has to know of it that is not in the rows' names."""
    def trigger(job, key, input=None):
        return call("POST", f"/v1/jobs/{job}/executions", {"input": input}, {"Idempotency-Key": key})["execution_id"]

    def until_it_is(id, *statuses):
        until(f"{id} is one of {statuses}", lambda: status(id) in statuses)

    def status(id):
        # A dependent's row may come a moment later.
        return call("GET", f"/v1/executions/{id}").get("status")

    def alerts():
        return [alert["key"] for alert in call("GET", "/v1/alerts")["items"]]

    call("POST", "/v1/jobs:apply", {"jobs": jobs(target)})
    until("slots of downstream wait", lambda: any(
        row["status"] == "waiting" for row in call("GET", "/v1/jobs/downstream/executions")["items"]))

    for key in ["open", "redriven", "discarded"]:
        until_it_is(trigger("fails", key), "failed")
    until("letters are kept", lambda: len(call("GET", "/v1/dead-letters")["items"]) == 3)
    call("POST", "/v1/dead-letters:redrive", {"execution_ids": ["fails@redriven"]})
    until_it_is("fails@redriven~2", "failed")
    call("DELETE", "/v1/dead-letters/fails@discarded")
    until("the second letter is kept", lambda: len(call("GET", "/v1/dead-letters")["items"]) == 2)
    until_it_is("needs_bad@open", "upstream_failed")
    until_it_is(trigger("times_out", "over"), "timed_out")
    until_it_is(trigger("flaky", "again"), "waiting")
    trigger("root", "flow")
    until_it_is("root@flow", "success")
    until_it_is("leaf@flow", "success")
    until_it_is("only_if_bad@flow", "skipped")
    until_it_is("each@flow,0", "running")

    until_it_is(trigger("one_at_a_time", "first"), "running")
    until_it_is(trigger("one_at_a_time", "second"), "waiting")
    until_it_is(trigger("replacing", "first"), "running")
    trigger("replacing", "second")
    until_it_is("replacing@first", "cancelled")
    until_it_is("replacing@second", "running")
    until_it_is(trigger("keyed", "a1", {"customer": "a"}), "running")
    until_it_is(trigger("keyed", "b1", {"customer": "b"}), "waiting")
    until_it_is(trigger("rated", "first"), "success")
    until_it_is(trigger("rated", "second"), "waiting")
    until_it_is(trigger("broken", "first"), "failed")
    until_it_is(trigger("broken", "second"), "waiting")

    day = instant(0)[:10]
    backfill = call("POST", "/v1/jobs/backfilled/backfills",
                    {"from": "2026-11-01T00:00:00Z", "to": "2026-11-06T00:00:00Z", "concurrency": 2})
    until_it_is("backfilled@2026-11-02T00:00:00Z", "running")

    def push(name, key, target, **more):
        body = {"name": name, "target": target, **more}
        return call("POST", "/v1/executions", body, {"Idempotency-Key": key})["execution_id"]
    slot_like = f"{day}T07:13:00Z"
    push("pushed", slot_like, target("good"), delay=1800)
    push("pushed", "delayed", target("good"), delay=1800, input={"of": "an order"})
    until_it_is(push("pushed", "running", target("held"), priority="high"), "running")
    push("pushed", "cancelled", target("good"), delay=1800)
    call("POST", "/v1/executions/pushed@cancelled:cancel", {"reason": "enough"})
    trigger("unserved", "queued")
    trigger("outside", "leased")
    lease = {"worker_id": "outsider", "lease_seconds": 60, "labels": {"zone": "a"}}
    leased = []
    until("it is leased", lambda: leased.extend(call("POST", "/v1/pools/outside:lease?wait=1", lease)["attempts"]) or leased)
    call("POST", "/v1/workers/outsider:drain", {})
    until("alerts are open", lambda: len(alerts()) >= 3)
    return {"token_of_outside": leased[0]["token"], "backfill": backfill["backfill_id"] if "backfill_id" in backfill else backfill["id"],
            "alerts": sorted(alerts()), "slot_like": slot_like}
