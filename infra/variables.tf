variable "name" {
  description = "What this installation is called: the prefix of everything in it. Lower case, digits and hyphens, 2 to 32 characters."
  type        = string
  default     = "belfry"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 32 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "packages" {
  description = "Directory of the functions' zips, tick.zip, dispatcher.zip, worker.zip, api.zip and archive.zip, as infra/package builds them."
  type        = string
}

variable "architecture" {
  description = "What the functions are built for: arm64 or x86_64. Daemons run on the same."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "lanes" {
  description = "How many ticks share the 64 shards of the timers, 1 to 64. One lane fires 5,000 timers a second and more."
  type        = number
  default     = 4

  validation {
    condition     = var.lanes >= 1 && var.lanes <= 64 && floor(var.lanes) == var.lanes
    error_message = "lanes must be a whole number from 1 to 64."
  }
}

variable "key_buckets" {
  description = "Over how many keys the executions of one job are spread, 1 to 64: each takes about 1,000 writes a second. It counts when the installation is created; a change is refused."
  type        = number
  default     = 4

  validation {
    condition     = var.key_buckets >= 1 && var.key_buckets <= 64 && floor(var.key_buckets) == var.key_buckets
    error_message = "key_buckets must be a whole number from 1 to 64."
  }
}

variable "retention_days" {
  description = "How long ended executions, and their idempotency keys, are kept: 7 to 3650 days."
  type        = number
  default     = 7

  validation {
    condition     = var.retention_days >= 7 && var.retention_days <= 3650
    error_message = "retention_days must be from 7 to 3650: a shorter one would forget idempotency keys while they are still promised."
  }
}

variable "tick_clock" {
  description = "What calls the tick each minute: scheduler (EventBridge Scheduler per lane, with an EventBridge rule as second clock) or rule (the rule alone, for emulators whose Scheduler does not fire)."
  type        = string
  default     = "scheduler"

  validation {
    condition     = contains(["scheduler", "rule"], var.tick_clock)
    error_message = "tick_clock must be scheduler or rule."
  }
}

variable "api" {
  description = <<-EOT
    Who may call the API, and how often. authorizer: iam (signed requests), jwt (with jwt_issuer and jwt_audience) or
    none (only with allow_open_api). rate_per_second and burst limit all callers together. function_url adds a Lambda
    function URL, signed with IAM, or open where authorizer is none; http_api = false leaves that alone.
  EOT
  type = object({
    authorizer      = optional(string, "iam")
    jwt_issuer      = optional(string)
    jwt_audience    = optional(list(string), [])
    rate_per_second = optional(number, 500)
    burst           = optional(number, 1000)
    http_api        = optional(bool, true)
    function_url    = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["iam", "jwt", "none"], var.api.authorizer)
    error_message = "api.authorizer must be iam, jwt or none."
  }

  validation {
    condition     = var.api.authorizer != "jwt" || (var.api.jwt_issuer != null && length(var.api.jwt_audience) > 0)
    error_message = "api.authorizer = \"jwt\" needs api.jwt_issuer and api.jwt_audience."
  }

  validation {
    condition     = var.api.authorizer != "none" || var.allow_open_api
    error_message = "api.authorizer = \"none\" lets anyone run anything; set allow_open_api = true as well if that is what you want, on an emulator."
  }

  validation {
    condition     = !(var.api.function_url && var.api.authorizer == "jwt")
    error_message = "A function URL knows no JWT: with api.function_url use api.authorizer = \"iam\"."
  }

  validation {
    condition     = var.api.http_api || var.api.function_url
    error_message = "With api.http_api = false the API needs api.function_url = true."
  }

  validation {
    condition     = var.api.rate_per_second > 0 && var.api.burst > 0
    error_message = "api.rate_per_second and api.burst must be above 0."
  }
}

variable "allow_open_api" {
  description = "Permits api.authorizer = \"none\". For emulators."
  type        = bool
  default     = false
}

variable "allow_plain_http" {
  description = "Lets the buckets be reached without TLS. For emulators, which have none."
  type        = bool
  default     = false
}

variable "worker" {
  description = "The worker function: the longest attempt in seconds (60 to 900), memory in MB (128 to 10240), and environment variables for it, such as the signing keys that jobs name."
  type = object({
    timeout_seconds = optional(number, 900)
    memory_mb       = optional(number, 512)
    environment     = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.worker.timeout_seconds >= 60 && var.worker.timeout_seconds <= 900
    error_message = "worker.timeout_seconds must be from 60 to 900; what takes longer belongs to a daemon."
  }

  validation {
    condition     = var.worker.memory_mb >= 128 && var.worker.memory_mb <= 10240
    error_message = "worker.memory_mb must be from 128 to 10240."
  }
}

variable "concurrency" {
  description = "How many invocations run at once, 2 to 1000 each: of the dispatcher, and of the worker for each priority. An invocation takes up to 10 executions."
  type = object({
    dispatcher = optional(number, 20)
    critical   = optional(number, 20)
    high       = optional(number, 20)
    normal     = optional(number, 20)
    low        = optional(number, 10)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for limit in values(var.concurrency) : limit >= 2 && limit <= 1000])
    error_message = "Every value of concurrency must be from 2 to 1000."
  }
}

variable "reserve_concurrency" {
  description = "Takes the invocations above out of the account's common limit, so that other functions can't starve them. Off, because new accounts have a limit of 10; needs the sum of concurrency, 2 × lanes + 1 for the tick, and 100 to spare."
  type        = bool
  default     = false
}

variable "backlog_limits" {
  description = "Where this many messages wait in a queue, pushes and triggers that would join it are answered with 429 and Retry-After. Keys are POOL/PRIORITY, with * for any; the most exact one counts. Queues that none names have 100000."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for queue, limit in var.backlog_limits : can(regex("^(\\*|[a-z0-9][a-z0-9-]{0,30})/(\\*|critical|high|normal|low)$", queue)) && limit >= 1 && floor(limit) == limit])
    error_message = "backlog_limits are whole numbers from 1, under keys such as */low, gpu/* or gpu/low."
  }
}

variable "ageing_step_seconds" {
  description = "What waits for a worker rises by one priority class for each of these, so that low is not passed over for ever; 0 for never."
  type        = number
  default     = 300

  validation {
    condition     = var.ageing_step_seconds >= 0 && floor(var.ageing_step_seconds) == var.ageing_step_seconds
    error_message = "ageing_step_seconds must be a whole number from 0."
  }
}

variable "pools" {
  description = "Names of pools beside default that daemons outside of this module serve (belfry worker on Kubernetes or a host). Each gets four queues. Pools in daemons need not be named."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for pool in var.pools : can(regex("^[a-z0-9][a-z0-9-]{0,30}$", pool)) && pool != "default"])
    error_message = "A pool's name is 1 to 31 lower-case letters, digits and hyphens, and not default."
  }
}

variable "daemons" {
  description = <<-EOT
    Pools served on ECS Fargate, by name: for work longer than 15 minutes and for commands, which the Lambda worker
    refuses. image holds the belfry binary and whatever the commands need. Idle ones take from the pools in steal_from.
  EOT
  type = map(object({
    image              = string
    subnet_ids         = list(string)
    security_group_ids = list(string)
    tasks              = optional(number, 1)
    cpu                = optional(number, 512)
    memory_mb          = optional(number, 1024)
    environment        = optional(map(string), {})
    steal_from         = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for pool in keys(var.daemons) : can(regex("^[a-z0-9][a-z0-9-]{0,30}$", pool)) && pool != "default"])
    error_message = "A pool's name is 1 to 31 lower-case letters, digits and hyphens, and not default."
  }
}

variable "targets" {
  description = "ARNs of what jobs may call, beside HTTP: nothing else is permitted to the workers. pass_roles are the roles that the ECS tasks run with."
  type = object({
    lambda_functions = optional(list(string), [])
    queues           = optional(list(string), [])
    state_machines   = optional(list(string), [])
    event_buses      = optional(list(string), [])
    task_definitions = optional(list(string), [])
    pass_roles       = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in flatten(values(var.targets)) : can(regex("^arn:[a-z-]+:[a-z-]+:", arn))])
    error_message = "targets takes full ARNs."
  }

  validation {
    condition     = length(var.targets.task_definitions) == 0 || length(var.targets.pass_roles) > 0
    error_message = "targets.task_definitions needs targets.pass_roles: the roles that those tasks run with."
  }
}

variable "alerts" {
  description = <<-EOT
    Who hears of alarms: e-mail addresses (each confirms by a link) and PagerDuty integration URLs (https). And when:
    success_rate, where less than this percentage of what ended in so many minutes succeeded, unless that were fewer
    than at_least; lateness, where more than one start in a hundred of so many minutes was later than
    longer_than_seconds, unless those were fewer than at_least.
  EOT
  type = object({
    emails         = optional(list(string), [])
    pagerduty_urls = optional(list(string), [])
    success_rate = optional(object({
      percent  = optional(number, 95)
      minutes  = optional(number, 5)
      at_least = optional(number, 20)
    }), {})
    lateness = optional(object({
      longer_than_seconds = optional(number, 10)
      minutes             = optional(number, 5)
      at_least            = optional(number, 20)
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for email in var.alerts.emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "alerts.emails must be e-mail addresses."
  }

  validation {
    condition     = alltrue([for url in var.alerts.pagerduty_urls : startswith(url, "https://")])
    error_message = "alerts.pagerduty_urls must begin with https://."
  }

  validation {
    condition     = var.alerts.success_rate.percent > 0 && var.alerts.success_rate.percent <= 100 && var.alerts.success_rate.at_least >= 1
    error_message = "alerts.success_rate.percent must be above 0 and at most 100, and at_least 1 or more."
  }

  validation {
    condition     = var.alerts.lateness.longer_than_seconds > 0 && var.alerts.lateness.at_least >= 1
    error_message = "alerts.lateness.longer_than_seconds must be above 0, and at_least 1 or more."
  }

  # CloudWatch evaluates no more than a day: three periods of each.
  validation {
    condition     = alltrue([for minutes in [var.alerts.success_rate.minutes, var.alerts.lateness.minutes] : minutes >= 1 && minutes <= 480 && floor(minutes) == minutes])
    error_message = "alerts.success_rate.minutes and alerts.lateness.minutes must be whole numbers from 1 to 480."
  }
}

variable "alert_receivers" {
  description = "Who hears of belfry's own alerts beside the topic of the alarms: webhooks with their signing keys (whsec_…), routing keys of PagerDuty's Events API v2, URLs of Slack's incoming webhooks. They are in the tick's environment, under kms_key_arn, and in the Terraform state."
  type = object({
    webhooks               = optional(list(object({ url = string, signing_key = string })), [])
    pagerduty_routing_keys = optional(list(string), [])
    slack_urls             = optional(list(string), [])
  })
  default   = {}
  nullable  = false
  sensitive = true
}

variable "log_level" {
  description = "What the functions log: error, warn, info, debug or trace, or a filter of the tracing crate."
  type        = string
  default     = "info"
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the logs."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, …"
  }
}

variable "archive" {
  description = "Copies the functions' logs to S3 through Firehose: colder storage after 30 days, removed after so many days (60 or more)."
  type = object({
    enabled = optional(bool, false)
    days    = optional(number, 365)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.archive.days >= 60
    error_message = "archive.days must be 60 or more: colder storage is billed for 30 days at least, after the first 30."
  }
}

variable "history" {
  description = "Keeps ended executions in S3 when their retention is over, as compressed JSON lines, for so many days (60 or more), and the full output of the daemons' commands for as long as their executions."
  type = object({
    enabled = optional(bool, false)
    days    = optional(number, 3650)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.history.days >= 60
    error_message = "history.days must be 60 or more: colder storage is billed for 30 days at least, after the first 30."
  }
}

variable "deletion_protection" {
  description = "Refuses to destroy the tables, and the buckets while they hold anything."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "A KMS key of yours for tables, queues, topic, logs and archive, instead of AWS's own. Its policy must let CloudWatch (logs, alarms), SNS and Firehose use it."
  type        = string
  default     = null
}

variable "permissions_boundary_arn" {
  description = "A permissions boundary for every role."
  type        = string
  default     = null
}
