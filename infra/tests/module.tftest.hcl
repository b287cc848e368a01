# What the module makes and what it refuses, without an account: terraform test.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  packages = "tests/packages"
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_route.default[0].authorization_type == "AWS_IAM"
    error_message = "The API must not be open by default."
  }

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled])
    error_message = "Tables must be protected by default."
  }

  assert {
    condition     = toset(values(aws_dynamodb_table.this)[*].name) == toset(["belfry-jobs", "belfry-executions", "belfry-timers", "belfry-dead-letters", "belfry-state"])
    error_message = "Tables are called as shared/aws/src/names.rs calls them."
  }

  assert {
    condition     = toset(values(aws_sqs_queue.worker)[*].name) == toset([for priority in ["critical", "high", "normal", "low"] : "belfry-default-${priority}"])
    error_message = "Queues are called as shared/aws/src/names.rs calls them."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.worker : queue.visibility_timeout_seconds >= 6 * aws_lambda_function.this["worker"].timeout])
    error_message = "A message must stay invisible for six times the worker's timeout."
  }

  assert {
    condition     = aws_sqs_queue.dispatch.visibility_timeout_seconds >= 6 * aws_lambda_function.this["dispatcher"].timeout
    error_message = "A message must stay invisible for six times the dispatcher's timeout."
  }

  assert {
    condition     = length(local.receives_from.api) == 0
    error_message = "Nobody takes the worker function's messages by the API."
  }

  assert {
    condition     = length(aws_scheduler_schedule.lane) == 4 && jsondecode(aws_scheduler_schedule.lane[3].target[0].input) == { lane = 3, lanes = 4 }
    error_message = "Each lane has a schedule that names it."
  }
}

run "reserved_concurrency_covers_the_mappings" {
  command = plan

  variables {
    reserve_concurrency = true
    concurrency         = { critical = 7, high = 5, normal = 3, low = 2, dispatcher = 4 }
  }

  assert {
    condition     = aws_lambda_function.this["worker"].reserved_concurrent_executions == 17 && aws_lambda_function.this["dispatcher"].reserved_concurrent_executions == 4
    error_message = "Less than the sum of the mappings would turn good messages into dead letters."
  }
}

run "the_rule_alone" {
  command = plan

  variables {
    tick_clock     = "rule"
    allow_open_api = true
    api            = { authorizer = "none", http_api = false, function_url = true }
  }

  assert {
    condition     = length(aws_scheduler_schedule.lane) == 0 && length(aws_apigatewayv2_api.this) == 0 && aws_lambda_function_url.api[0].authorization_type == "NONE"
    error_message = "LocalStack is driven by the rule and called by a function URL."
  }
}

run "an_open_api_needs_its_switch" {
  command         = plan
  expect_failures = [var.api]

  variables {
    api = { authorizer = "none" }
  }
}

run "jwt_needs_an_issuer" {
  command         = plan
  expect_failures = [var.api]

  variables {
    api = { authorizer = "jwt" }
  }
}

run "retention_keeps_the_promise_to_idempotency_keys" {
  command         = plan
  expect_failures = [var.retention_days]

  variables {
    retention_days = 3
  }
}

run "names_that_aws_would_refuse" {
  command         = plan
  expect_failures = [var.name, var.pools, var.concurrency]

  variables {
    name        = "Belfry_"
    pools       = ["default"]
    concurrency = { low = 1 }
  }
}

run "backlog_limits_reach_the_api" {
  command = plan

  variables {
    backlog_limits = { "*/low" = 20000, "gpu/low" = 50 }
  }

  assert {
    condition     = aws_lambda_function.this["api"].environment[0].variables.BELFRY_BACKLOG_LIMITS == "*/low=20000,gpu/low=50"
    error_message = "The api must know the limits."
  }
}

run "nonsense_is_no_backlog_limit" {
  command = plan

  variables {
    backlog_limits = { "gpu/urgent" = 5 }
  }

  expect_failures = [var.backlog_limits]
}

run "secrets_of_receivers_are_the_ticks_alone" {
  command = plan

  variables {
    alert_receivers = {
      webhooks   = [{ url = "https://example.com/alerts", signing_key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" }]
      slack_urls = ["https://hooks.slack.com/services/T0/B0/secret"]
    }
  }

  assert {
    condition     = [for name, function in aws_lambda_function.this : name if contains(keys(nonsensitive(function.environment[0].variables)), "BELFRY_ALERTS")] == ["tick"]
    error_message = "Only the tick tells receivers, so only it is told their secrets."
  }
}

run "alarms_take_the_thresholds_and_are_heard" {
  command = plan

  variables {
    alerts = { success_rate = { percent = 99, minutes = 10, at_least = 50 }, lateness = { longer_than_seconds = 2 } }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.success_rate.threshold == 99 && anytrue([for query in aws_cloudwatch_metric_alarm.success_rate.metric_query : try(startswith(query.expression, "IF(good + bad >= 50,"), false)])
    error_message = "The success rate is that of the variable."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.lateness["belfry-worker"].threshold == 2000 && alltrue([for query in aws_cloudwatch_metric_alarm.lateness["belfry-worker"].metric_query : try(query.metric[0].period, 300) == 300])
    error_message = "Lateness is that of the variable, in milliseconds."
  }

  assert {
    condition     = contains([for query in aws_cloudwatch_metric_alarm.lateness["belfry-worker"].metric_query : query.expression], "IF(starts >= 20, p99, 0)")
    error_message = "A few late starts are too few for an alarm."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.alarms.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.tick.maximum_retry_attempts == 0
    error_message = "What an alarm says is said once by CloudWatch: a failed call must be repeated. A tick need not be."
  }
}

run "history_has_a_bucket_and_a_stream" {
  command = plan

  variables {
    history        = { enabled = true, days = 400 }
    retention_days = 30
  }

  assert {
    condition     = aws_dynamodb_table.this["executions"].stream_view_type == "OLD_IMAGE" && !aws_dynamodb_table.this["timers"].stream_enabled
    error_message = "What is removed from the table of executions, and no other, goes through a stream."
  }

  assert {
    condition     = { for rule in aws_s3_bucket_lifecycle_configuration.archive["history"].rule : rule.id => rule.expiration[0].days } == { executions = 400, logs = 60 }
    error_message = "Logs stay as long as the rows that name them, executions as long as asked for."
  }

  assert {
    condition     = aws_lambda_function.this["archive"].function_name == "belfry-archive" && length(aws_lambda_event_source_mapping.history) == 1
    error_message = "A function reads the stream."
  }

  assert {
    condition     = keys(aws_s3_bucket_policy.archive) == ["history"]
    error_message = "Nobody reaches the bucket without TLS, unless allow_plain_http says so."
  }
}

run "no_history_costs_nothing" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket.archive) == 0 && length(aws_lambda_event_source_mapping.history) == 0 && !aws_dynamodb_table.this["executions"].stream_enabled
    error_message = "There is no bucket, function or stream that nobody has asked for."
  }
}

run "an_installation_has_a_number_of_key_buckets" {
  command = apply

  variables {
    key_buckets = 8
  }

  plan_options {
    target = [terraform_data.key_buckets]
  }
}

run "which_never_changes" {
  command         = plan
  expect_failures = [terraform_data.key_buckets]

  variables {
    key_buckets = 4
  }

  plan_options {
    target = [terraform_data.key_buckets]
  }
}
