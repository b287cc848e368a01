locals {
  priorities = ["critical", "high", "normal", "low"]
  pools      = setunion(["default"], var.pools, keys(var.daemons))

  worker_queues = {
    for pair in setproduct(local.pools, local.priorities) : "${pair[0]}-${pair[1]}" => { pool = pair[0], priority = pair[1] }
  }

  dispatcher_timeout_seconds = 30

  # AWS asks for six times the function's timeout. Daemons hold what they work on themselves.
  visibility_seconds = {
    dispatch = 6 * local.dispatcher_timeout_seconds
    default  = 6 * var.worker.timeout_seconds
    daemon   = 300
  }

  # Timers own the work; a message is a hint, and one older than a day is of no use.
  message_retention_seconds = 86400
  receives                  = 5

  # By name, because these queues name the dead-letter queue in turn.
  redriving_queues = [
    for queue in concat(["dispatch"], keys(local.worker_queues)) :
    "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-${queue}"
  ]
}

# Executions that failed for good, for consumers of this queue, and messages that no function could handle.
resource "aws_sqs_queue" "dead_letters" {
  name                              = "${var.name}-dead-letters"
  message_retention_seconds         = 14 * 86400
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 3600

  # AWS takes ten by name; with more pools any queue of this account may redrive here.
  redrive_allow_policy = (
    length(local.redriving_queues) <= 10
    ? jsonencode({ redrivePermission = "byQueue", sourceQueueArns = local.redriving_queues })
    : jsonencode({ redrivePermission = "allowAll" })
  )
}

resource "aws_sqs_queue" "dispatch" {
  name                              = "${var.name}-dispatch"
  visibility_timeout_seconds        = local.visibility_seconds.dispatch
  message_retention_seconds         = local.message_retention_seconds
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 3600

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = local.receives
  })
}

resource "aws_sqs_queue" "worker" {
  for_each = local.worker_queues

  name                              = "${var.name}-${each.key}"
  visibility_timeout_seconds        = each.value.pool == "default" ? local.visibility_seconds.default : local.visibility_seconds.daemon
  message_retention_seconds         = local.message_retention_seconds
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 3600

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = local.receives
  })
}
