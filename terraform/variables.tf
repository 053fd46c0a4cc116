variable "cluster_mode" {
  description = "Who runs the nodes: `autopilot` (Google, billed per pod) or `standard` (a node pool of this module, billed per machine)."
  type        = string
  default     = "autopilot"
  nullable    = false

  validation {
    condition     = contains(["autopilot", "standard"], var.cluster_mode)
    error_message = "cluster_mode must be \"autopilot\" or \"standard\"."
  }
}

variable "database_high_availability" {
  description = "Keep a standby of Cloud SQL in a second zone. Doubles the price of the instance."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.database_high_availability || startswith(var.database_tier, "db-custom-")
    error_message = "database_high_availability needs a db-custom tier: Cloud SQL's availability agreement leaves the shared-core tiers out."
  }
}

variable "database_max_connections" {
  description = "Connection limit of PostgreSQL: at least the sum of all pools of all replicas, with a margin for a rolling update."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = floor(var.database_max_connections) == var.database_max_connections && var.database_max_connections >= 25 && var.database_max_connections <= 1000
    error_message = "database_max_connections must be a whole number from 25 to 1000; beyond that, fewer and fuller transactions help more than connections."
  }
}

variable "database_retained_backups" {
  description = "How many daily backups of Cloud SQL are kept. Any second of the last 7 days can be restored besides."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = floor(var.database_retained_backups) == var.database_retained_backups && var.database_retained_backups >= 7 && var.database_retained_backups <= 365
    error_message = "database_retained_backups must be a whole number from 7 (point-in-time recovery starts from a backup) to 365."
  }
}

variable "database_roles" {
  description = "PostgreSQL roles of every service's database user. Each migrates its own database, which a fresh instance allows `cloudsqlsuperuser` only; the README shows how to narrow it to [] afterwards."
  type        = list(string)
  default     = ["cloudsqlsuperuser"]
  nullable    = false

  validation {
    condition     = alltrue([for role in var.database_roles : can(regex("^[a-z_][a-z0-9_]{0,62}$", role))])
    error_message = "database_roles must be names of existing PostgreSQL roles: lower-case letters, digits and underscores, at most 63."
  }
}

variable "database_tier" {
  description = "Machine of Cloud SQL: `db-f1-micro`, `db-g1-small` or `db-custom-<vCPUs>-<MB of memory>`."
  type        = string
  default     = "db-g1-small"
  nullable    = false

  validation {
    condition     = can(regex("^db-(f1-micro|g1-small|custom-[1-9][0-9]?-[1-9][0-9]{3,5})$", var.database_tier))
    error_message = "database_tier must be db-f1-micro, db-g1-small or db-custom-<vCPUs>-<MB>, such as db-custom-2-7680."
  }
}

variable "deletion_protection" {
  description = "Refuse to destroy the cluster and Cloud SQL. To destroy them, apply `false` first."
  type        = bool
  default     = true

  validation {
    condition     = var.deletion_protection != null
    error_message = "deletion_protection must be true or false; null would leave the choice to the provider."
  }
}

variable "domain" {
  description = "Domain of the shop, for a Google-managed certificate. Empty: plain HTTP on the address alone, for a trial."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.domain == "" || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "domain must be a lower-case domain name without a scheme, such as shop.example.com, or empty."
  }
}

variable "environment" {
  description = "Name of this installation, a part of every resource's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,7}$", var.environment))
    error_message = "environment must be 2 to 8 lower-case letters and digits and start with a letter: service account names have room for no more."
  }
}

variable "ip_ranges" {
  description = "Private IPv4 ranges: `nodes` (subnet), `pods` and `services` (its secondary ranges), `managed_services` (Cloud SQL and Memorystore)."
  type = object({
    managed_services = string
    nodes            = string
    pods             = string
    services         = string
  })
  default = {
    managed_services = "10.64.0.0/20"
    nodes            = "10.0.0.0/22"
    pods             = "10.4.0.0/16"
    services         = "10.8.0.0/20"
  }
  nullable = false

  validation {
    condition     = alltrue([for range in values(var.ip_ranges) : can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", range)) && can(cidrhost(range, 0)) && try(cidrhost(range, 0) == split("/", range)[0], false)])
    error_message = "ip_ranges must be private IPv4 networks in CIDR form without host bits, such as 10.0.0.0/22."
  }

  validation {
    condition     = try(tonumber(split("/", var.ip_ranges.managed_services)[1]) <= 24 && tonumber(split("/", var.ip_ranges.pods)[1]) <= 21, false)
    error_message = "ip_ranges.managed_services must be /24 or larger (Memorystore takes a block of its own) and ip_ranges.pods /21 or larger (every node takes a /24)."
  }
}

variable "kubernetes_namespace" {
  description = "Namespace the chart is installed into; the identities of the services are bound to it."
  type        = string
  default     = "agora"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.kubernetes_namespace)) && !contains(["default", "kube-system"], var.kubernetes_namespace)
    error_message = "kubernetes_namespace must be a DNS label of at most 63 characters and a namespace of Agora's own, not default or kube-system."
  }
}

variable "labels" {
  description = "Labels of every resource that takes them, beside application, environment and managed-by."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must have keys and values of lower-case letters, digits, - and _, at most 63, and keys must start with a letter."
  }
}

variable "managed_prometheus" {
  description = "Let Google collect and keep the metrics of the pods. Billed per sample."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.managed_prometheus || var.cluster_mode == "standard"
    error_message = "managed_prometheus cannot be false with cluster_mode \"autopilot\", which always runs it."
  }
}

variable "name" {
  description = "First part of every resource's name."
  type        = string
  default     = "agora"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.name))
    error_message = "name must be 2 to 12 lower-case letters and digits and start with a letter: service account names have room for no more."
  }
}

variable "node_pool" {
  description = "Nodes of a `standard` cluster, in each of the region's zones; without effect in `autopilot`. Spot nodes cost a third and may vanish."
  type = object({
    machine_type = string
    max_per_zone = number
    min_per_zone = number
    spot         = bool
  })
  default = {
    machine_type = "e2-standard-4"
    max_per_zone = 3
    min_per_zone = 1
    spot         = false
  }
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z]+-?[a-z0-9-]*$", var.node_pool.machine_type))
    error_message = "node_pool.machine_type must be a Compute Engine machine type, such as e2-standard-4."
  }

  validation {
    condition     = var.node_pool.min_per_zone >= 1 && var.node_pool.max_per_zone >= var.node_pool.min_per_zone && var.node_pool.max_per_zone <= 100
    error_message = "node_pool must have 1 <= min_per_zone <= max_per_zone <= 100."
  }
}

variable "project_id" {
  description = "Google Cloud project that holds everything. It must exist and have billing."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id (not the number or display name) of a project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "redis_high_availability" {
  description = "Keep a replica of the cache in a second zone. Agora works without its cache, only slower."
  type        = bool
  default     = false

  validation {
    condition     = var.redis_high_availability != null
    error_message = "redis_high_availability must be true or false, not null."
  }
}

variable "redis_memory_gb" {
  description = "Memory of the cache in GB."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = floor(var.redis_memory_gb) == var.redis_memory_gb && var.redis_memory_gb >= 1 && var.redis_memory_gb <= 300
    error_message = "redis_memory_gb must be a whole number from 1 to 300."
  }
}

variable "region" {
  description = "Region of the cluster, the stores and the images."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a Google Cloud region such as europe-west1, not a zone such as europe-west1-b."
  }
}

variable "release_channel" {
  description = "How soon GKE moves to a new Kubernetes version: `RAPID`, `REGULAR` or `STABLE`."
  type        = string
  default     = "REGULAR"
  nullable    = false

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE"], var.release_channel)
    error_message = "release_channel must be RAPID, REGULAR or STABLE."
  }
}
