# Keys and indexes are explained in docs/decisions/2026-11-23-dynamodb-keys.md.

locals {
  tables = toset(["jobs", "executions", "timers", "dead-letters", "state"])

  # Of the table of executions: what is listed, never what must not be forgotten.
  indexes = toset(["recent", "by_status", "by_run", "by_due"])
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = "${var.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.deletion_protection

  # For history.tf: what is removed by its time.
  stream_enabled   = each.key == "executions" && var.history.enabled
  stream_view_type = each.key == "executions" && var.history.enabled ? "OLD_IMAGE" : null

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  dynamic "attribute" {
    for_each = each.key == "executions" ? setproduct(local.indexes, ["pk", "sk"]) : []

    content {
      name = "${trimprefix(attribute.value[0], "by_")}_${attribute.value[1]}"
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = each.key == "executions" ? local.indexes : []

    content {
      name            = global_secondary_index.value
      hash_key        = "${trimprefix(global_secondary_index.value, "by_")}_pk"
      range_key       = "${trimprefix(global_secondary_index.value, "by_")}_sk"
      projection_type = "KEYS_ONLY"
    }
  }

  dynamic "ttl" {
    for_each = each.key == "executions" ? ["expires_at"] : []

    content {
      enabled        = true
      attribute_name = ttl.value
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}
