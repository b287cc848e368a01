# The module of infra/, applied to an emulator by localstack/up.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }

  # localstack/up says where: under target/.
  backend "local" {}
}

variable "endpoint" {
  description = "Where the emulator listens."
  type        = string
  default     = "http://127.0.0.1:4566"
}

variable "packages" {
  description = "Directory with the functions' zips."
  type        = string
}

variable "architecture" {
  description = "What the zips are built for: arm64 or x86_64."
  type        = string
  default     = "x86_64"
}

variable "tick_clock" {
  description = "rule where the emulator's Scheduler does not fire (LocalStack), else scheduler."
  type        = string
  default     = "scheduler"
}

variable "http_api" {
  description = "false where the emulator has no HTTP API (LocalStack without a licence): the API is called by its function URL."
  type        = bool
  default     = true
}

variable "authorizer" {
  description = "none, or iam to have calls of the API signed."
  type        = string
  default     = "none"
}

variable "pools" {
  description = "Pools for daemons on this machine, beside default."
  type        = set(string)
  default     = ["command", "spare"]
}

variable "lanes" {
  description = "How many ticks share the timers."
  type        = number
  default     = 2
}

variable "log_level" {
  description = "What the functions log."
  type        = string
  default     = "info"
}

provider "aws" {
  region = "us-east-1"
  # The emulator takes any; no account has these.
  access_key                  = "test"
  secret_key                  = "test"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {
    apigatewayv2 = var.endpoint
    cloudwatch   = var.endpoint
    dynamodb     = var.endpoint
    ecs          = var.endpoint
    events       = var.endpoint
    firehose     = var.endpoint
    iam          = var.endpoint
    lambda       = var.endpoint
    logs         = var.endpoint
    s3           = var.endpoint
    scheduler    = var.endpoint
    sns          = var.endpoint
    sqs          = var.endpoint
    sts          = var.endpoint
  }
}

module "belfry" {
  source = "../infra"

  packages            = var.packages
  architecture        = var.architecture
  lanes               = var.lanes
  pools               = var.pools
  tick_clock          = var.tick_clock
  log_level           = var.log_level
  deletion_protection = false
  allow_open_api      = true
  allow_plain_http    = true
  history             = { enabled = true }

  api = {
    authorizer   = var.authorizer
    http_api     = var.http_api
    function_url = !var.http_api
  }

  # The examples call the API itself, which is on this machine.
  worker = {
    environment = { BELFRY_ALLOW_PRIVATE_ADDRESSES = "true" }
  }
}

# With AUTH=true MiniStack takes every schedule for one of the group default, whichever it is in.
data "aws_iam_policy_document" "emulated_schedules" {
  statement {
    actions   = ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"]
    resources = ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/*"]
  }
}

resource "aws_iam_role_policy" "emulated_schedules" {
  for_each = toset(["api", "tick"])

  name   = "emulator"
  role   = "belfry-${each.key}"
  policy = data.aws_iam_policy_document.emulated_schedules.json

  depends_on = [module.belfry]
}

output "api_id" {
  description = "The HTTP API's id, for its URL on the emulator."
  value       = module.belfry.api_id
}

output "function_url" {
  description = "The API's function URL, where there is no HTTP API."
  value       = module.belfry.function_url
}

output "functions" {
  description = "ARNs of the functions."
  value       = module.belfry.functions
}

output "queues" {
  description = "URLs of the queues."
  value       = module.belfry.queues
}
