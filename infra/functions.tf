locals {
  functions = merge({
    tick       = { timeout_seconds = 60, memory_mb = 512 }
    dispatcher = { timeout_seconds = local.dispatcher_timeout_seconds, memory_mb = 256 }
    worker     = { timeout_seconds = var.worker.timeout_seconds, memory_mb = var.worker.memory_mb }
    api        = { timeout_seconds = 29, memory_mb = 512 } # the HTTP API waits 30 s
    }, var.history.enabled ? {
    archive = { timeout_seconds = 120, memory_mb = 512 }
  } : {})

  # Never below the sum of what the mappings may start, or throttled messages end as dead letters.
  reserved_concurrency = {
    tick       = 2 * var.lanes + 1
    dispatcher = var.concurrency.dispatcher
    worker     = sum([for priority in local.priorities : var.concurrency[priority]])
    api        = -1
    archive    = -1
  }

  environment = {
    BELFRY_NAME                = var.name
    BELFRY_LANES               = tostring(var.lanes)
    BELFRY_SHARDS              = "64"
    BELFRY_KEY_BUCKETS         = tostring(var.key_buckets)
    BELFRY_RETENTION_DAYS      = tostring(var.retention_days)
    BELFRY_POOLS               = join(",", local.pools)
    BELFRY_AGEING_STEP_SECONDS = tostring(var.ageing_step_seconds)
    BELFRY_LOG                 = var.log_level
  }

  # For the schedules of jobs with clock: both.
  schedule_environment = { BELFRY_SCHEDULE_ROLE_ARN = aws_iam_role.scheduler.arn }

  # Where targets call back. A function URL can't be named here: it comes after the functions.
  callback_environment = { for api in aws_apigatewayv2_api.this : "BELFRY_PUBLIC_URL" => api.api_endpoint }

  backlog_environment = length(var.backlog_limits) == 0 ? {} : {
    BELFRY_BACKLOG_LIMITS = join(",", [for queue, limit in var.backlog_limits : "${queue}=${limit}"])
  }

  # What CloudWatch's alarms tell the topic, belfry does not.
  alert_environment = {
    BELFRY_ALERTS = jsonencode({
      installation = var.name
      receivers = concat(
        [{ type = "sns", topic_arn = aws_sns_topic.alerts.arn, except = ["success_rate", "lateness", "quarantined", "timer_missing"] }],
        [for webhook in var.alert_receivers.webhooks : { type = "webhook", url = webhook.url, signing_key = webhook.signing_key }],
        [for key in var.alert_receivers.pagerduty_routing_keys : { type = "pagerduty", routing_key = key }],
        [for url in var.alert_receivers.slack_urls : { type = "slack", url = url }],
      )
    })
  }

  function_environment = {
    tick       = merge(local.schedule_environment, local.alert_environment)
    dispatcher = {}
    worker     = merge(local.callback_environment, var.worker.environment)
    api        = merge(local.schedule_environment, local.backlog_environment, local.history_environment)
    archive    = local.history_environment
  }
}

# Keys are made of it, so another number would run slots twice. All processes refuse to run by another one than the
# installation was created with; here it is refused before anything changes.
resource "terraform_data" "key_buckets" {
  input = var.key_buckets

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output == var.key_buckets
      error_message = "key_buckets can't be changed: the installation was created with ${self.output}. Set it back to that."
    }
  }
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_50: logs carry the trace id; sampling every execution in X-Ray costs more than running it
  # checkov:skip=CKV_AWS_116: queues have their own dead letters, and a lost tick is made up for by the next one
  # checkov:skip=CKV_AWS_117: needs public endpoints of AWS and of the targets; private ones are for daemons
  # checkov:skip=CKV_AWS_272: packages are built by the team that applies them
  for_each = local.functions

  function_name                  = "${var.name}-${each.key}"
  description                    = "Belfry (${var.name}): ${each.key}"
  role                           = aws_iam_role.function[each.key].arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = "${var.packages}/${each.key}.zip"
  source_code_hash               = filebase64sha256("${var.packages}/${each.key}.zip")
  publish                        = true
  timeout                        = each.value.timeout_seconds
  memory_size                    = each.value.memory_mb
  kms_key_arn                    = var.kms_key_arn
  reserved_concurrent_executions = var.reserve_concurrency ? local.reserved_concurrency[each.key] : -1

  environment {
    variables = merge(local.environment, local.function_environment[each.key])
  }

  # Levels are BELFRY_LOG's business; of Lambda's own lines only warnings are worth their price.
  logging_config {
    log_group             = aws_cloudwatch_log_group.this[each.key].name
    log_format            = "JSON"
    application_log_level = "TRACE"
    system_log_level      = "WARN"
  }

  depends_on = [aws_iam_role_policy.function]
}

# Everything calls `live`. An upgrade publishes a version and moves the name; a rollback moves it back.
resource "aws_lambda_alias" "live" {
  for_each = local.functions

  name             = "live"
  description      = "The version in use"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version
}

# Deep graphs pass from function to queue to function more often than Lambda's loop detection allows.
# Nothing loops: a message names one attempt, which starts once, and graphs have no cycles.
resource "aws_lambda_function_recursion_config" "this" {
  for_each = toset(["dispatcher", "worker"])

  function_name  = aws_lambda_function.this[each.key].function_name
  recursive_loop = "Allow"
}

# The next tick is as good as a repeated one.
resource "aws_lambda_function_event_invoke_config" "tick" {
  function_name                = aws_lambda_function.this["tick"].function_name
  qualifier                    = aws_lambda_alias.live["tick"].name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

# An alarm speaks only when its state changes: what it says under this name is repeated until it is heard.
resource "aws_lambda_alias" "alarms" {
  name             = "alarms"
  description      = "The version in use, for CloudWatch's alarms"
  function_name    = aws_lambda_function.this["tick"].function_name
  function_version = aws_lambda_function.this["tick"].version
}

resource "aws_lambda_function_event_invoke_config" "alarms" {
  function_name                = aws_lambda_function.this["tick"].function_name
  qualifier                    = aws_lambda_alias.alarms.name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600
}

resource "aws_lambda_event_source_mapping" "dispatch" {
  event_source_arn        = aws_sqs_queue.dispatch.arn
  function_name           = aws_lambda_alias.live["dispatcher"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.concurrency.dispatcher
  }
}

resource "aws_lambda_event_source_mapping" "worker" {
  for_each = toset(local.priorities)

  event_source_arn        = aws_sqs_queue.worker["default-${each.key}"].arn
  function_name           = aws_lambda_alias.live["worker"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.concurrency[each.key]
  }
}
