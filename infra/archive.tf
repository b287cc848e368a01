# Logs for later: CloudWatch → Firehose → S3, compressed as CloudWatch hands them over.

locals {
  archived    = var.archive.enabled ? local.log_groups : {}
  archive     = toset(var.archive.enabled ? ["logs"] : [])
  bucket_name = "${var.name}-logs-${local.account}-${local.region}"
}

resource "aws_s3_bucket" "archive" {
  # checkov:skip=CKV_AWS_18: who read old logs is CloudTrail's business
  # checkov:skip=CKV_AWS_144: a copy of logs needs no copy in another region
  # checkov:skip=CKV2_AWS_62: nobody waits for old logs
  for_each = local.archive

  bucket        = local.bucket_name
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "archive" {
  for_each = local.archive

  bucket                  = aws_s3_bucket.archive[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "archive" {
  for_each = local.archive

  bucket = aws_s3_bucket.archive[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  for_each = local.archive

  bucket = aws_s3_bucket.archive[each.key].id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  for_each = local.archive

  bucket = aws_s3_bucket.archive[each.key].id

  rule {
    id     = "age"
    status = "Enabled"

    filter {}

    transition {
      days          = 30
      storage_class = "STANDARD_IA"
    }

    expiration {
      days = var.archive.days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.archive]
}

data "aws_iam_policy_document" "archive_bucket" {
  for_each = local.archive

  statement {
    sid       = "OnlyEncryptedConnections"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.archive[each.key].arn, "${aws_s3_bucket.archive[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "archive" {
  for_each = local.archive

  bucket = aws_s3_bucket.archive[each.key].id
  policy = data.aws_iam_policy_document.archive_bucket[each.key].json
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
