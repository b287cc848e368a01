# Daemons on ECS Fargate: belfry worker, for commands and for work longer than a Lambda may take.

locals {
  daemon_receives_from = {
    for pool, daemon in var.daemons : pool => [
      for key, queue in local.worker_queues : local.worker_queue_arns[key] if contains(concat([pool], daemon.steal_from), queue.pool)
    ]
  }
}

resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_65: Belfry's own metrics say how its workers are; Container Insights costs more than a small pool
  count = length(var.daemons) > 0 ? 1 : 0

  name = var.name
}

data "aws_iam_policy_document" "task_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

# What pulls the image and opens the log; the work itself runs with the daemon's role.
resource "aws_iam_role" "execution" {
  count = length(var.daemons) > 0 ? 1 : 0

  name                 = "${var.name}-daemon-start"
  description          = "Belfry (${var.name}): starts daemons"
  assume_role_policy   = data.aws_iam_policy_document.task_trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy_attachment" "execution" {
  count = length(var.daemons) > 0 ? 1 : 0

  role       = aws_iam_role.execution[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "daemon" {
  for_each = var.daemons

  source_policy_documents = [data.aws_iam_policy_document.targets.json]

  statement {
    sid       = "ReadTables"
    actions   = local.table_read
    resources = concat(local.table_access.worker.read, local.table_access.worker.index)
  }

  statement {
    sid       = "WriteTables"
    actions   = local.table_write
    resources = local.table_access.worker.write
  }

  statement {
    sid       = "FindQueues"
    actions   = ["sqs:GetQueueUrl"]
    resources = [local.own_queues]
  }

  statement {
    sid       = "Send"
    actions   = local.queue_send
    resources = local.sends.worker
  }

  statement {
    sid       = "Receive"
    actions   = local.queue_receive
    resources = local.daemon_receives_from[each.key]
  }

  dynamic "statement" {
    for_each = local.history

    content {
      sid       = "KeepLogs"
      actions   = ["s3:PutObject"]
      resources = ["${local.history_bucket.arn}/logs/*"]
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

resource "aws_iam_role" "daemon" {
  for_each = var.daemons

  name                 = "${var.name}-daemon-${each.key}"
  description          = "Belfry (${var.name}): daemons of the pool ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.task_trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "daemon" {
  for_each = var.daemons

  name   = "belfry"
  role   = aws_iam_role.daemon[each.key].id
  policy = data.aws_iam_policy_document.daemon[each.key].json
}

resource "aws_ecs_task_definition" "daemon" {
  for_each = var.daemons

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory_mb
  execution_role_arn       = aws_iam_role.execution[0].arn
  task_role_arn            = aws_iam_role.daemon[each.key].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture == "arm64" ? "ARM64" : "X86_64"
  }

  container_definitions = jsonencode([{
    name        = "belfry"
    image       = each.value.image
    command     = ["belfry", "worker", "--pool", each.key]
    essential   = true
    stopTimeout = 120 # the longest that Fargate grants to finish in
    environment = [for name, value in merge(local.environment, local.callback_environment, local.history_environment, {
      AWS_REGION        = local.region
      BELFRY_FUNCTION   = "${var.name}-daemon-${each.key}"
      BELFRY_STEAL_FROM = join(",", each.value.steal_from)
      BELFRY_LOG_FORMAT = "json"
    }, each.value.environment) : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this["daemon-${each.key}"].name
        awslogs-region        = local.region
        awslogs-stream-prefix = "belfry"
      }
    }
  }])
}

resource "aws_ecs_service" "daemon" {
  for_each = var.daemons

  name            = each.key
  cluster         = aws_ecs_cluster.this[0].id
  task_definition = aws_ecs_task_definition.daemon[each.key].arn
  desired_count   = each.value.tasks
  launch_type     = "FARGATE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = each.value.subnet_ids
    security_groups  = each.value.security_group_ids
    assign_public_ip = false
  }

  depends_on = [aws_iam_role_policy.daemon, aws_iam_role_policy_attachment.execution]
}
