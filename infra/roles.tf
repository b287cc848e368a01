# One role for each function, with what that function does and no more.

locals {
  table_arns = { for name, table in aws_dynamodb_table.this : name => table.arn }
  index_arns = [for index in local.indexes : "${local.table_arns.executions}/index/${index}"]

  recent_arns = [for arn in local.index_arns : arn if endswith(arn, "/recent")]

  table_read  = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
  table_write = ["dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]

  # On AWS a batch is permitted by the action of a single message; emulators know the batches by names of their own.
  queue_send    = ["sqs:SendMessage*"]
  queue_receive = ["sqs:ChangeMessageVisibility*", "sqs:DeleteMessage*", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]

  worker_queue_arns = { for name, queue in aws_sqs_queue.worker : name => queue.arn }

  # Whoever finds a commit that somebody else left half done carries it out, so all that read jobs may write them. The
  # dispatcher does for jobs with a schedule of their own. The tick's audit reads all jobs and timers. Whoever starts first
  # in an installation without a layout of its keys looks at the newest executions, by the index `recent`.
  table_access = {
    tick = {
      read  = values(local.table_arns)
      write = values(local.table_arns)
      scan  = [local.table_arns.jobs, local.table_arns.timers]
      index = local.recent_arns
    }
    dispatcher = {
      read  = [for name in ["jobs", "executions", "timers", "state"] : local.table_arns[name]]
      write = [for name in ["jobs", "timers", "state"] : local.table_arns[name]]
      scan  = []
      index = local.recent_arns
    }
    worker = {
      read  = values(local.table_arns)
      write = values(local.table_arns)
      scan  = []
      index = local.recent_arns
    }
    api = {
      read  = values(local.table_arns)
      write = values(local.table_arns)
      scan  = [local.table_arns.jobs]
      index = local.index_arns
    }
    archive = { read = [], write = [], scan = [], index = [] }
  }

  sends = {
    tick       = concat([aws_sqs_queue.dispatch.arn, aws_sqs_queue.dead_letters.arn], values(local.worker_queue_arns))
    dispatcher = concat([aws_sqs_queue.dispatch.arn], values(local.worker_queue_arns))
    worker     = concat([aws_sqs_queue.dispatch.arn, aws_sqs_queue.dead_letters.arn], values(local.worker_queue_arns))
    api        = concat([aws_sqs_queue.dispatch.arn, aws_sqs_queue.dead_letters.arn], values(local.worker_queue_arns))
    archive    = []
  }

  receives_from = {
    tick       = []
    dispatcher = [aws_sqs_queue.dispatch.arn]
    worker     = [for priority in local.priorities : local.worker_queue_arns["default-${priority}"]]
    # For workers that speak HTTP only. The pool default is the worker function's.
    api     = [for key, queue in local.worker_queues : local.worker_queue_arns[key] if queue.pool != "default"]
    archive = []
  }

  # Schedules of jobs with clock: both: the api keeps them in step, the tick's audit looks after them.
  own_schedules   = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule/${aws_scheduler_schedule_group.this.name}"
  keeps_schedules = { tick = true, dispatcher = false, worker = false, api = true, archive = false }

  # Queues by any name of this installation: those of a pool may not be there yet, which is to be found out.
  own_queues = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-*"
}

data "aws_iam_policy_document" "function_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name                 = "${var.name}-${each.key}"
  description          = "Belfry (${var.name}): ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.function_trust.json
  permissions_boundary = var.permissions_boundary_arn
}

data "aws_iam_policy_document" "function" {
  for_each = local.functions

  source_policy_documents = each.key == "worker" ? [data.aws_iam_policy_document.targets.json] : []

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
  }

  dynamic "statement" {
    for_each = length(local.table_access[each.key].read) > 0 ? ["ReadTables"] : []

    content {
      sid       = statement.value
      actions   = local.table_read
      resources = concat(local.table_access[each.key].read, local.table_access[each.key].index)
    }
  }

  dynamic "statement" {
    for_each = length(local.table_access[each.key].write) > 0 ? ["WriteTables"] : []

    content {
      sid       = statement.value
      actions   = local.table_write
      resources = local.table_access[each.key].write
    }
  }

  dynamic "statement" {
    for_each = length(local.table_access[each.key].scan) > 0 ? ["ScanTables"] : []

    content {
      sid       = statement.value
      actions   = ["dynamodb:Scan"]
      resources = local.table_access[each.key].scan
    }
  }

  dynamic "statement" {
    for_each = length(local.sends[each.key]) > 0 ? ["FindQueues"] : []

    content {
      sid       = statement.value
      actions   = ["sqs:GetQueueUrl"]
      resources = [local.own_queues]
    }
  }

  dynamic "statement" {
    for_each = length(local.sends[each.key]) > 0 ? ["Send"] : []

    content {
      sid       = statement.value
      actions   = local.queue_send
      resources = local.sends[each.key]
    }
  }

  dynamic "statement" {
    for_each = each.key == "archive" ? ["ReadStream"] : []

    content {
      sid       = statement.value
      actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
      resources = ["${local.table_arns.executions}/stream/*"]
    }
  }

  dynamic "statement" {
    for_each = each.key == "archive" ? ["KeepExecutions"] : []

    content {
      sid       = statement.value
      actions   = ["s3:PutObject"]
      resources = ["${local.history_bucket.arn}/executions/*"]
    }
  }

  dynamic "statement" {
    for_each = each.key == "api" ? local.history : []

    content {
      sid       = "ReadLogs"
      actions   = ["s3:GetObject"]
      resources = ["${local.history_bucket.arn}/logs/*"]
    }
  }

  dynamic "statement" {
    for_each = length(local.receives_from[each.key]) > 0 ? ["Receive"] : []

    content {
      sid       = statement.value
      actions   = local.queue_receive
      resources = local.receives_from[each.key]
    }
  }

  dynamic "statement" {
    for_each = each.key == "tick" ? ["TellOfAlerts"] : []

    content {
      sid       = statement.value
      actions   = ["sns:Publish"]
      resources = [aws_sns_topic.alerts.arn]
    }
  }

  dynamic "statement" {
    for_each = contains(["api", "tick"], each.key) ? ["CountBacklog"] : []

    content {
      sid       = statement.value
      actions   = ["sqs:GetQueueAttributes"]
      resources = local.sends[each.key]
    }
  }

  # AWS knows no narrower resource for it.
  dynamic "statement" {
    for_each = local.keeps_schedules[each.key] ? ["ListSchedules"] : []

    content {
      sid       = statement.value
      actions   = ["scheduler:ListSchedules"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = local.keeps_schedules[each.key] ? ["KeepSchedules"] : []

    content {
      sid       = statement.value
      actions   = ["scheduler:CreateSchedule", "scheduler:DeleteSchedule"]
      resources = ["${local.own_schedules}/job.*"]
    }
  }

  # Those of the lanes are Terraform's: they may be paused and resumed, no more.
  dynamic "statement" {
    for_each = local.keeps_schedules[each.key] ? ["ChangeSchedules"] : []

    content {
      sid       = statement.value
      actions   = ["scheduler:GetSchedule", "scheduler:UpdateSchedule"]
      resources = ["${local.own_schedules}/*"]
    }
  }

  dynamic "statement" {
    for_each = local.keeps_schedules[each.key] ? ["LendRoleToSchedules"] : []

    content {
      sid       = statement.value
      actions   = ["iam:PassRole"]
      resources = [aws_iam_role.scheduler.arn]

      condition {
        test     = "StringEquals"
        variable = "iam:PassedToService"
        values   = ["scheduler.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : ["UseKey"]

    content {
      sid       = statement.value
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.kms_key_arn]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name   = "belfry"
  role   = aws_iam_role.function[each.key].id
  policy = data.aws_iam_policy_document.function[each.key].json
}

# What jobs may call: only what targets names.
data "aws_iam_policy_document" "targets" {
  dynamic "statement" {
    for_each = {
      for sid, statement in {
        CallFunctions      = { action = "lambda:InvokeFunction", resources = var.targets.lambda_functions }
        SendToQueues       = { action = "sqs:SendMessage", resources = var.targets.queues }
        StartStateMachines = { action = "states:StartExecution", resources = var.targets.state_machines }
        PutEvents          = { action = "events:PutEvents", resources = var.targets.event_buses }
        RunTasks           = { action = "ecs:RunTask", resources = var.targets.task_definitions }
      } : sid => statement if length(statement.resources) > 0
    }

    content {
      sid       = statement.key
      actions   = [statement.value.action]
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = length(var.targets.pass_roles) > 0 ? ["LendRolesToTasks"] : []

    content {
      sid       = statement.value
      actions   = ["iam:PassRole"]
      resources = var.targets.pass_roles

      condition {
        test     = "StringEquals"
        variable = "iam:PassedToService"
        values   = ["ecs-tasks.amazonaws.com"]
      }
    }
  }
}

# EventBridge Scheduler: calls the tick, and sends the slots of jobs with clock: both.
data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_scheduler_schedule_group.this.arn]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name                 = "${var.name}-scheduler"
  description          = "Belfry (${var.name}): EventBridge Scheduler"
  assume_role_policy   = data.aws_iam_policy_document.scheduler_trust.json
  permissions_boundary = var.permissions_boundary_arn
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "CallTick"
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_alias.live["tick"].arn]
  }

  statement {
    sid       = "SendSlots"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dispatch.arn]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : ["UseKey"]

    content {
      sid       = statement.value
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.kms_key_arn]
    }
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "belfry"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
