locals {
  autopilot = var.cluster_mode == "autopilot"
  labels    = merge(var.labels, { application = var.name, environment = var.environment, managed-by = "terraform" })
  prefix    = "${var.name}-${var.environment}"

  # One entry per workload with an identity of its own; `database` says whether it also owns a database.
  services = {
    account = { database = true }
    catalog = { database = true }
    gateway = { database = false }
    order   = { database = true }
    review  = { database = true }
  }
  data_services = toset([for name, service in local.services : name if service.database])
}
