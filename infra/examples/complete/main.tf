# Belfry for a team: copy this directory, change what is between the lines, `terraform init && terraform apply`.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }

  # Keep the state where the team can reach it:
  # backend "s3" {
  #   bucket       = "…"
  #   key          = "belfry.tfstate"
  #   region       = "eu-central-1"
  #   use_lockfile = true
  # }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { service = "belfry" }
  }
}

variable "region" {
  description = "Where to install it."
  type        = string
  default     = "eu-central-1"
}

variable "packages" {
  description = "Directory with the functions' zips, as infra/package builds them."
  type        = string
  default     = "../../../target/packages/arm64"
}

variable "alert_email" {
  description = "Who hears of alarms."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "false, before all of it is to be destroyed."
  type        = bool
  default     = true
}

module "belfry" {
  source = "../.." # or "git::https://…/belfry.git//infra?ref=v0.1.0"

  name                = "belfry"
  packages            = var.packages
  deletion_protection = var.deletion_protection

  # ---------------------------------------------------------------- yours

  alerts = {
    emails = var.alert_email == null ? [] : [var.alert_email]
    # pagerduty_urls = ["https://events.pagerduty.com/integration/…/enqueue"]
  }

  # What jobs may call beside HTTP.
  targets = {
    # lambda_functions = ["arn:aws:lambda:eu-central-1:123456789012:function:report"]
    # state_machines   = ["arn:aws:states:eu-central-1:123456789012:stateMachine:settlement"]
  }

  # Instead of signed requests: tokens of your identity provider.
  # api = {
  #   authorizer   = "jwt"
  #   jwt_issuer   = "https://login.example.com/"
  #   jwt_audience = ["belfry"]
  # }

  # For commands, and for work of more than 15 minutes.
  # daemons = {
  #   command = {
  #     image              = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/belfry:0.1.0"
  #     subnet_ids         = ["subnet-…"]
  #     security_group_ids = ["sg-…"]
  #   }
  # }

  archive = { enabled = true }
  history = { enabled = true }

  # ----------------------------------------------------------------------
}

output "api_url" {
  description = "Where the API is."
  value       = module.belfry.api_url
}

output "api_arn" {
  description = "What callers need execute-api:Invoke for, followed by /*."
  value       = module.belfry.api_arn
}
