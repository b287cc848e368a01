# Logs for later: CloudWatch → Firehose → S3, compressed as CloudWatch hands them over.

locals {
  archived = var.archive.enabled ? local.log_groups : {}
  archive  = toset(var.archive.enabled ? ["logs"] : [])
}

data "aws_iam_policy_document" "firehose_trust" {
  for_each = local.archive

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "firehose" {
  for_each = local.archive

  statement {
    sid       = "FindBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.archive[each.key].arn]
  }

  statement {
    sid       = "WriteObjects"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.archive[each.key].arn}/*"]
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

resource "aws_iam_role" "firehose" {
  for_each = local.archive

  name                 = "${var.name}-firehose"
  description          = "Belfry (${var.name}): Firehose writes logs to S3"
  assume_role_policy   = data.aws_iam_policy_document.firehose_trust[each.key].json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "firehose" {
  for_each = local.archive

  name   = "belfry"
  role   = aws_iam_role.firehose[each.key].id
  policy = data.aws_iam_policy_document.firehose[each.key].json
}

resource "aws_kinesis_firehose_delivery_stream" "archive" {
  for_each = local.archive

  name        = "${var.name}-logs"
  destination = "extended_s3"

  server_side_encryption {
    enabled  = true
    key_type = var.kms_key_arn == null ? "AWS_OWNED_CMK" : "CUSTOMER_MANAGED_CMK"
    key_arn  = var.kms_key_arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.firehose[each.key].arn
    bucket_arn          = aws_s3_bucket.archive[each.key].arn
    prefix              = "logs/!{timestamp:yyyy/MM/dd}/"
    error_output_prefix = "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"
    buffering_size      = 64
    buffering_interval  = 900
    file_extension      = ".json.gz"
  }

  depends_on = [aws_iam_role_policy.firehose]
}

data "aws_iam_policy_document" "logs_trust" {
  for_each = local.archive

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["logs.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [for key, _ in local.log_groups : "${aws_cloudwatch_log_group.this[key].arn}:*"]
    }
  }
}

data "aws_iam_policy_document" "logs" {
  for_each = local.archive

  statement {
    sid       = "Hand"
    actions   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
    resources = [aws_kinesis_firehose_delivery_stream.archive[each.key].arn]
  }
}

resource "aws_iam_role" "logs" {
  for_each = local.archive

  name                 = "${var.name}-logs"
  description          = "Belfry (${var.name}): CloudWatch hands logs to Firehose"
  assume_role_policy   = data.aws_iam_policy_document.logs_trust[each.key].json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "logs" {
  for_each = local.archive

  name   = "belfry"
  role   = aws_iam_role.logs[each.key].id
  policy = data.aws_iam_policy_document.logs[each.key].json
}

resource "aws_cloudwatch_log_subscription_filter" "archive" {
  for_each = local.archived

  name            = "${var.name}-archive"
  log_group_name  = aws_cloudwatch_log_group.this[each.key].name
  filter_pattern  = ""
  destination_arn = aws_kinesis_firehose_delivery_stream.archive["logs"].arn
  role_arn        = aws_iam_role.logs["logs"].arn

  depends_on = [aws_iam_role_policy.logs]
}
