resource "aws_apigatewayv2_api" "this" {
  count = var.api.http_api ? 1 : 0

  name          = var.name
  description   = "Belfry's API"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "api" {
  count = var.api.http_api ? 1 : 0

  api_id                 = aws_apigatewayv2_api.this[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.live["api"].invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.api.http_api && var.api.authorizer == "jwt" ? 1 : 0

  api_id           = aws_apigatewayv2_api.this[0].id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.api.jwt_issuer
    audience = var.api.jwt_audience
  }
}

resource "aws_apigatewayv2_route" "default" {
  count = var.api.http_api ? 1 : 0

  api_id             = aws_apigatewayv2_api.this[0].id
  route_key          = "$default"
  target             = "integrations/${aws_apigatewayv2_integration.api[0].id}"
  authorization_type = { iam = "AWS_IAM", jwt = "JWT", none = "NONE" }[var.api.authorizer]
  authorizer_id      = one(aws_apigatewayv2_authorizer.jwt[*].id)
}

resource "aws_apigatewayv2_stage" "default" {
  count = var.api.http_api ? 1 : 0

  api_id      = aws_apigatewayv2_api.this[0].id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.api.rate_per_second
    throttling_burst_limit   = var.api.burst
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.this["access"].arn
    format = jsonencode({
      request_id  = "$context.requestId"
      time        = "$context.requestTime"
      ip          = "$context.identity.sourceIp"
      caller      = "$context.identity.caller"
      subject     = "$context.authorizer.claims.sub"
      method      = "$context.httpMethod"
      path        = "$context.path"
      status      = "$context.status"
      bytes       = "$context.responseLength"
      latency_ms  = "$context.responseLatency"
      error       = "$context.error.message"
      integration = "$context.integrationErrorMessage"
    })
  }
}

resource "aws_lambda_permission" "api" {
  count = var.api.http_api ? 1 : 0

  statement_id  = "http-api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["api"].function_name
  qualifier     = aws_lambda_alias.live["api"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this[0].execution_arn}/*/$default"
}

resource "aws_lambda_function_url" "api" {
  count = var.api.function_url ? 1 : 0

  function_name      = aws_lambda_function.this["api"].function_name
  qualifier          = aws_lambda_alias.live["api"].name
  authorization_type = var.api.authorizer == "none" ? "NONE" : "AWS_IAM"
}
