locals {
  # Who counts Succeeded and Failed in the namespace Belfry: whoever can end an execution.
  counting = concat(
    [for name in ["worker", "tick", "api"] : "${var.name}-${name}"],
    [for pool, _ in var.daemons : "${var.name}-daemon-${pool}"],
  )
  starting = concat(["${var.name}-worker"], [for pool, _ in var.daemons : "${var.name}-daemon-${pool}"])

  # A message may wait in the dispatch queue for its due second, up to the 900 s that SQS knows.
  # Each class is raised to the next after 300 s of waiting.
  oldest_message_seconds = { dispatch = 960, critical = 60, high = 300, normal = 600, low = 900 }

  aged_queues = merge(
    { dispatch = { name = aws_sqs_queue.dispatch.name, seconds = local.oldest_message_seconds.dispatch } },
    { for key, queue in local.worker_queues : key => { name = aws_sqs_queue.worker[key].name, seconds = local.oldest_message_seconds[queue.priority] } },
  )
}

resource "aws_sns_topic" "alerts" {
  # Not under AWS's own key: CloudWatch could not publish to it then.
  name              = "${var.name}-alerts"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.alerts.emails)

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_sns_topic_subscription" "pagerduty" {
  for_each = toset(var.alerts.pagerduty_urls)

  topic_arn              = aws_sns_topic.alerts.arn
  protocol               = "https"
  endpoint               = each.key
  endpoint_auto_confirms = true
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "Executions failed for good, or messages could not be handled. See `belfry dead-letters`."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  for_each = local.aged_queues

  alarm_name          = "${var.name}-oldest-message-${each.key}"
  alarm_description   = "Messages wait longer than ${each.value.seconds} s: raise this class in `concurrency`, or look for a function that fails."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = each.value.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

# Two lost ticks make nothing late; a third may.
resource "aws_cloudwatch_metric_alarm" "heartbeat" {
  alarm_name          = "${var.name}-no-tick"
  alarm_description   = "No tick came to its end for three minutes: nothing new will start. Look at the tick's log and its two clocks."
  namespace           = "Belfry"
  metric_name         = "Ticks"
  dimensions          = { Function = "${var.name}-tick" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each = local.functions

  alarm_name          = "${var.name}-${each.key}-errors"
  alarm_description   = "The function ${each.key} fails or is throttled. A job's own failure is none of its errors."
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  metric_query {
    id          = "troubles"
    expression  = "errors + throttles"
    label       = "Errors and throttles"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = ["Errors", "Throttles"]

    content {
      id = lower(metric_query.value)

      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        dimensions  = { FunctionName = aws_lambda_function.this[each.key].function_name }
        stat        = "Sum"
        period      = 60
      }
    }
  }
}

# A stream that is stuck: calls that fail are minutes apart, too few for the alarm on errors.
resource "aws_cloudwatch_metric_alarm" "archive_behind" {
  for_each = local.history

  alarm_name          = "${var.name}-${each.key}-behind"
  alarm_description   = "The archive is more than two hours behind what expires. After a day it loses executions."
  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = aws_lambda_function.this[each.key].function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 2 * 60 * 60 * 1000
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "success_rate" {
  alarm_name          = "${var.name}-success-rate"
  alarm_description   = "Fewer than ${var.alerts.success_rate.percent} % of the executions that ended in ${var.alerts.success_rate.minutes} minutes succeeded."
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "LessThanThreshold"
  threshold           = var.alerts.success_rate.percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn, aws_lambda_alias.alarms.arn]
  ok_actions          = [aws_sns_topic.alerts.arn, aws_lambda_alias.alarms.arn]

  metric_query {
    id          = "rate"
    expression  = "IF(good + bad >= ${var.alerts.success_rate.at_least}, 100 * good / (good + bad), 100)"
    label       = "Success rate, %"
    return_data = true
  }

  metric_query {
    id         = "good"
    expression = join(" + ", [for index, _ in local.counting : "FILL(s${index}, 0)"])
    label      = "Succeeded"
  }

  metric_query {
    id         = "bad"
    expression = join(" + ", [for index, _ in local.counting : "FILL(f${index}, 0)"])
    label      = "Failed"
  }

  dynamic "metric_query" {
    for_each = merge([for index, function in local.counting : {
      "s${index}" = { metric = "Succeeded", function = function }
      "f${index}" = { metric = "Failed", function = function }
    }]...)

    content {
      id = metric_query.key

      metric {
        namespace   = "Belfry"
        metric_name = metric_query.value.metric
        dimensions  = { Function = metric_query.value.function }
        stat        = "Sum"
        period      = 60 * var.alerts.success_rate.minutes
      }
    }
  }
}

# Those two kinds become alerts of belfry's own, for the receivers that it tells.
resource "aws_lambda_permission" "alarms" {
  for_each = merge(
    { success-rate = aws_cloudwatch_metric_alarm.success_rate.arn },
    { for function, alarm in aws_cloudwatch_metric_alarm.lateness : "lateness-${function}" => alarm.arn },
  )

  statement_id  = each.key
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["tick"].function_name
  qualifier     = aws_lambda_alias.alarms.name
  principal     = "lambda.alarms.cloudwatch.amazonaws.com"
  source_arn    = each.value
}

resource "aws_cloudwatch_metric_alarm" "lateness" {
  for_each = toset(local.starting)

  alarm_name          = "${each.key}-lateness"
  alarm_description   = "One in a hundred executions starts more than ${var.alerts.lateness.longer_than_seconds} s after its time in ${each.key}."
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1000 * var.alerts.lateness.longer_than_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn, aws_lambda_alias.alarms.arn]
  ok_actions          = [aws_sns_topic.alerts.arn, aws_lambda_alias.alarms.arn]

  metric_query {
    id          = "late"
    expression  = "IF(starts >= ${var.alerts.lateness.at_least}, p99, 0)"
    label       = "Lateness of one start in a hundred, ms"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { p99 = "p99", starts = "SampleCount" }

    content {
      id = metric_query.key

      metric {
        namespace   = "Belfry"
        metric_name = "StartLatencyMs"
        dimensions  = { Function = each.key }
        stat        = metric_query.value
        period      = 60 * var.alerts.lateness.minutes
      }
    }
  }
}

# Bugs of Belfry, or rows that somebody else wrote: they should never happen.
resource "aws_cloudwatch_metric_alarm" "never" {
  for_each = { for pair in setproduct(["Quarantined", "TimersMissing"], ["tick", "worker", "dispatcher"]) : "${pair[0]}-${pair[1]}" => { metric = pair[0], function = pair[1] } if pair[0] == "Quarantined" || pair[1] == "tick" }

  alarm_name          = "${var.name}-${lower(each.key)}"
  alarm_description   = "Something that should never happen: see the errors in the log of ${each.value.function}."
  namespace           = "Belfry"
  metric_name         = each.value.metric
  dimensions          = { Function = "${var.name}-${each.value.function}" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "table" {
  for_each = local.tables

  alarm_name          = "${var.name}-${each.key}-throttled"
  alarm_description   = "DynamoDB throttles the table ${each.key}. Requests wait and are repeated; if it lasts, see the quotas in docs/deploy.md."
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  metric_query {
    id          = "throttled"
    expression  = "FILL(read, 0) + FILL(write, 0)"
    label       = "Throttled requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { read = "ReadThrottleEvents", write = "WriteThrottleEvents" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value
        dimensions  = { TableName = aws_dynamodb_table.this[each.key].name }
        stat        = "Sum"
        period      = 60
      }
    }
  }
}
