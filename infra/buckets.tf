# What outlives its place: CloudWatch's logs (archive.tf), ended executions and full logs (history.tf).

locals {
  # Each with its rules of age, by the prefix of what they are about.
  buckets = merge(
    var.archive.enabled ? {
      logs = { age = { prefix = "", days = var.archive.days, cold = true } }
    } : {},
    var.history.enabled ? {
      history = {
        executions = { prefix = "executions/", days = var.history.days, cold = true }
        # As long as the rows that name them, whose ends are later than their logs.
        logs = { prefix = "logs/", days = var.retention_days + 30, cold = false }
      }
    } : {},
  )
}

resource "aws_s3_bucket" "archive" {
  # checkov:skip=CKV_AWS_18: who read them is CloudTrail's business
  # checkov:skip=CKV_AWS_144: what is kept here needs no copy in another region
  # checkov:skip=CKV2_AWS_62: nobody waits for what is kept here
  for_each = local.buckets

  bucket        = "${var.name}-${each.key}-${local.account}-${local.region}"
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "archive" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.archive[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "archive" {
  for_each = local.buckets

  bucket = aws_s3_bucket.archive[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  for_each = local.buckets

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
  # checkov:skip=CKV_AWS_300: each rule has the period; checkov does not look into dynamic blocks
  for_each = local.buckets

  bucket = aws_s3_bucket.archive[each.key].id

  dynamic "rule" {
    for_each = each.value

    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "transition" {
        for_each = rule.value.cold ? [30] : []

        content {
          days          = transition.value
          storage_class = "STANDARD_IA"
        }
      }

      expiration {
        days = rule.value.days
      }

      noncurrent_version_expiration {
        noncurrent_days = 30
      }

      abort_incomplete_multipart_upload {
        days_after_initiation = 7
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.archive]
}

data "aws_iam_policy_document" "archive_bucket" {
  for_each = var.allow_plain_http ? {} : local.buckets

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
  for_each = var.allow_plain_http ? {} : local.buckets

  bucket = aws_s3_bucket.archive[each.key].id
  policy = data.aws_iam_policy_document.archive_bucket[each.key].json
}

