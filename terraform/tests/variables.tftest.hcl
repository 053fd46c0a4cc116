# Each run breaks one variable, and only its own validation may refuse it.
mock_provider "google" {}

variables {
  environment = "test"
  project_id  = "acme-shop"
  region      = "europe-west1"
}

run "refuses_cluster_mode" {
  command = plan

  variables {
    cluster_mode = "managed"
  }

  expect_failures = [var.cluster_mode]
}

run "refuses_database_high_availability" {
  command = plan

  variables {
    database_high_availability = true
  }

  expect_failures = [var.database_high_availability]
}

run "refuses_database_max_connections" {
  command = plan

  variables {
    database_max_connections = 10.5
  }

  expect_failures = [var.database_max_connections]
}

run "refuses_database_retained_backups" {
  command = plan

  variables {
    database_retained_backups = 1
  }

  expect_failures = [var.database_retained_backups]
}

run "refuses_database_roles" {
  command = plan

  variables {
    database_roles = ["Admin; DROP"]
  }

  expect_failures = [var.database_roles]
}

run "refuses_database_tier" {
  command = plan

  variables {
    database_tier = "db-n1-standard-1"
  }

  expect_failures = [var.database_tier]
}

run "refuses_deletion_protection" {
  command = plan

  variables {
    deletion_protection = null
  }

  expect_failures = [var.deletion_protection]
}

run "refuses_domain" {
  command = plan

  variables {
    domain = "https://shop.example.com"
  }

  expect_failures = [var.domain]
}

run "refuses_environment" {
  command = plan

  variables {
    environment = "Production"
  }

  expect_failures = [var.environment]
}

run "refuses_ip_ranges" {
  command = plan

  variables {
    ip_ranges = { managed_services = "10.64.0.0/28", nodes = "10.0.0.0/22", pods = "10.4.0.0/16", services = "10.8.0.0/20" }
  }

  expect_failures = [var.ip_ranges]
}

run "refuses_kubernetes_namespace" {
  command = plan

  variables {
    kubernetes_namespace = "default"
  }

  expect_failures = [var.kubernetes_namespace]
}

run "refuses_labels" {
  command = plan

  variables {
    labels = { Team = "shop" }
  }

  expect_failures = [var.labels]
}

run "refuses_managed_prometheus" {
  command = plan

  variables {
    managed_prometheus = false
  }

  expect_failures = [var.managed_prometheus]
}

run "refuses_name" {
  command = plan

  variables {
    name = "agora-shop"
  }

  expect_failures = [var.name]
}

run "refuses_node_pool" {
  command = plan

  variables {
    node_pool = { machine_type = "e2-standard-4", max_per_zone = 1, min_per_zone = 2, spot = false }
  }

  expect_failures = [var.node_pool]
}

run "refuses_project_id" {
  command = plan

  variables {
    project_id = "123456"
  }

  expect_failures = [var.project_id]
}

run "refuses_redis_high_availability" {
  command = plan

  variables {
    redis_high_availability = null
  }

  expect_failures = [var.redis_high_availability]
}

run "refuses_redis_memory_gb" {
  command = plan

  variables {
    redis_memory_gb = 0
  }

  expect_failures = [var.redis_memory_gb]
}

run "refuses_region" {
  command = plan

  variables {
    region = "europe-west1-b"
  }

  expect_failures = [var.region]
}

run "refuses_release_channel" {
  command = plan

  variables {
    release_channel = "NIGHTLY"
  }

  expect_failures = [var.release_channel]
}
