output "api_url" {
  description = "Where the API is; its paths begin with /v1. Null without api.http_api."
  value       = one(aws_apigatewayv2_api.this[*].api_endpoint)
}

output "api_id" {
  description = "The HTTP API's id. An emulator needs it for its URL."
  value       = one(aws_apigatewayv2_api.this[*].id)
}

output "api_arn" {
  description = "What callers need execute-api:Invoke for, followed by /*."
  value       = one(aws_apigatewayv2_api.this[*].execution_arn)
}

output "function_url" {
  description = "The API's function URL, where api.function_url asks for one."
  value       = one(aws_lambda_function_url.api[*].function_url)
}

output "functions" {
  description = "ARNs of the functions, with the name that everything calls them by: tick, dispatcher, worker, api."
  value       = { for name, alias in aws_lambda_alias.live : name => alias.arn }
}

output "versions" {
  description = "The published version of each function that is in use."
  value       = { for name, alias in aws_lambda_alias.live : name => alias.function_version }
}

output "tables" {
  description = "Names of the tables."
  value       = { for name, table in aws_dynamodb_table.this : name => table.name }
}

output "queues" {
  description = "URLs of the queues: dispatch, dead-letters, and one for each pool and priority."
  value = merge(
    { dispatch = aws_sqs_queue.dispatch.url, dead-letters = aws_sqs_queue.dead_letters.url },
    { for name, queue in aws_sqs_queue.worker : name => queue.url },
  )
}

output "alerts_topic_arn" {
  description = "The SNS topic of the alarms, for other subscriptions."
  value       = aws_sns_topic.alerts.arn
}

output "worker_policy_json" {
  description = "The policy of the worker function. A daemon that runs elsewhere needs the same, with its own pool's queues to receive from."
  value       = data.aws_iam_policy_document.function["worker"].json
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "history_bucket" {
  description = "The bucket of ended executions and full logs; none without history."
  value       = var.history.enabled ? local.history_bucket.bucket : null
}
