# The six figures that tell how Belfry is: success rate, start latency, queue depth, worker utilisation, retry rate,
# dead letters.

locals {
  # Each metric of each function, hidden, with an id; and the expressions that add them up.
  parts = {
    for metric in ["Succeeded", "Failed", "Started", "Retried"] : metric => [
      for index, function in local.counting :
      ["Belfry", metric, "Function", function, { id = "${lower(metric)}${index}", visible = false, stat = "Sum" }]
    ]
  }
  totals = {
    for metric, parts in local.parts :
    metric => "(${join(" + ", [for part in parts : "FILL(${part[4].id}, 0)"])})"
  }

  worker_capacity = sum([for priority in local.priorities : var.concurrency[priority]])

  # Strings, because the elements of a metric are of different types.
  widgets = [
    {
      title  = "Success rate, %"
      period = 300
      axis   = { min = 0, max = 100 }
      metrics = jsonencode(concat(
        [[{ expression = "100 * ${local.totals.Succeeded} / (${local.totals.Succeeded} + ${local.totals.Failed})", label = "succeeded" }]],
        local.parts.Succeeded,
        local.parts.Failed,
      ))
    },
    {
      title  = "Start latency, ms"
      period = 60
      axis   = { min = 0 }
      metrics = jsonencode(flatten([for function in local.starting : [for stat in ["p50", "p99"] : {
        metric = ["Belfry", "StartLatencyMs", "Function", function, { stat = stat, label = "${function} ${stat}" }]
      }]])[*].metric)
    },
    {
      title  = "Queue depth"
      period = 60
      axis   = { min = 0 }
      metrics = jsonencode([for key, queue in local.aged_queues :
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name, { stat = "Maximum", label = key }]
      ])
    },
    {
      title  = "Worker utilisation, % of ${local.worker_capacity}"
      period = 60
      axis   = { min = 0, max = 100 }
      metrics = jsonencode([
        [{ expression = "100 * running / ${local.worker_capacity}", label = "in use" }],
        ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", aws_lambda_function.this["worker"].function_name, { id = "running", visible = false, stat = "Maximum" }],
      ])
    },
    {
      title  = "Retry rate, % of starts"
      period = 300
      axis   = { min = 0 }
      metrics = jsonencode(concat(
        [[{ expression = "100 * ${local.totals.Retried} / ${local.totals.Started}", label = "retried" }]],
        local.parts.Retried,
        local.parts.Started,
      ))
    },
    {
      title  = "Dead letters"
      period = 60
      axis   = { min = 0 }
      metrics = jsonencode([
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters.name, { stat = "Maximum", label = "in the queue" }],
      ])
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = (index % 3) * 8
      y      = floor(index / 3) * 6
      width  = 8
      height = 6
      properties = {
        title   = widget.title
        region  = local.region
        view    = "timeSeries"
        period  = widget.period
        yAxis   = { left = widget.axis }
        metrics = jsondecode(widget.metrics)
      }
    }]
  })
}
