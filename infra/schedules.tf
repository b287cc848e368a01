# Two clocks, of two services: each calls the tick every minute, and leases let one of them do the work.

resource "aws_scheduler_schedule_group" "this" {
  name = var.name
}

resource "aws_scheduler_schedule" "lane" {
  count = var.tick_clock == "scheduler" ? var.lanes : 0

  name                = "${var.name}-lane-${count.index}"
  description         = "Lane ${count.index} of Belfry's tick"
  group_name          = aws_scheduler_schedule_group.this.name
  schedule_expression = "rate(1 minute)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_alias.live["tick"].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ lane = count.index, lanes = var.lanes })

    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 1
    }
  }

  # `belfry lanes pause` is an operator's business: an upgrade must not resume what was paused.
  lifecycle {
    ignore_changes = [state]
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_cloudwatch_event_rule" "tick" {
  name                = "${var.name}-tick"
  description         = "The second clock of Belfry's tick"
  schedule_expression = "rate(1 minute)"
}

resource "aws_cloudwatch_event_target" "tick" {
  rule      = aws_cloudwatch_event_rule.tick.name
  target_id = "tick"
  arn       = aws_lambda_alias.live["tick"].arn
  input     = jsonencode({ lanes = var.lanes })

  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 1
  }
}

resource "aws_lambda_permission" "rule" {
  statement_id  = "second-clock"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["tick"].function_name
  qualifier     = aws_lambda_alias.live["tick"].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.tick.arn
}
