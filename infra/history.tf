# What DynamoDB removes by its time goes to S3 first: its stream tells the function archive, which writes files.

locals {
  history        = toset(var.history.enabled ? ["archive"] : [])
  history_bucket = var.history.enabled ? aws_s3_bucket.archive["history"] : null

  history_environment = var.history.enabled ? { BELFRY_HISTORY_BUCKET = local.history_bucket.bucket } : {}
}

resource "aws_lambda_event_source_mapping" "history" {
  for_each = local.history

  event_source_arn  = aws_dynamodb_table.this["executions"].stream_arn
  function_name     = aws_lambda_alias.live[each.key].arn
  starting_position = "TRIM_HORIZON"

  # Few and large files. A failure is tried again until the stream forgets, after a day.
  batch_size                         = 10000
  maximum_batching_window_in_seconds = 300

  filter_criteria {
    filter {
      # Of executions, those that DynamoDB has removed itself. Waiters and outputs have no revision.
      pattern = jsonencode({
        eventName    = ["REMOVE"]
        userIdentity = { type = ["Service"], principalId = ["dynamodb.amazonaws.com"] }
        dynamodb     = { OldImage = { revision = { N = [{ exists = true }] } } }
      })
    }
  }

  depends_on = [aws_iam_role_policy.function]
}
