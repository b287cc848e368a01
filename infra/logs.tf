locals {
  log_groups = merge(
    { for name, _ in local.functions : name => "/aws/lambda/${var.name}-${name}" },
    { for pool, _ in var.daemons : "daemon-${pool}" => "/aws/ecs/${var.name}-${pool}" },
    { access = "/aws/apigateway/${var.name}" },
  )
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: a month is enough to search; the archive keeps a year and costs a tenth
  for_each = local.log_groups

  name              = each.value
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
