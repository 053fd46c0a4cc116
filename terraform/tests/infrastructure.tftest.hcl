# Computed values that the configuration takes apart must look like the real ones.
mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      email  = "agora-test-any@acme-shop.iam.gserviceaccount.com"
      member = "serviceAccount:agora-test-any@acme-shop.iam.gserviceaccount.com"
      name   = "projects/acme-shop/serviceAccounts/agora-test-any@acme-shop.iam.gserviceaccount.com"
    }
  }

  mock_resource "google_sql_database_instance" {
    defaults = {
      connection_name    = "acme-shop:europe-west1:agora-test"
      private_ip_address = "10.64.0.3"
    }
  }

  mock_resource "google_redis_instance" {
    defaults = {
      auth_string = "0b9e1c0e"
      host        = "10.64.1.4"
      port        = 6378
    }
  }
}

variables {
  environment = "test"
  project_id  = "acme-shop"
  region      = "europe-west1"
}

run "autopilot_has_no_node_pool" {
  command = plan

  assert {
    condition     = google_container_cluster.agora.enable_autopilot && length(google_container_node_pool.workloads) == 0
    error_message = "An Autopilot cluster must come without a node pool."
  }
}

run "standard_has_private_nodes" {
  command = plan

  variables {
    cluster_mode = "standard"
  }

  assert {
    condition     = google_container_cluster.agora.datapath_provider == "ADVANCED_DATAPATH"
    error_message = "NetworkPolicy needs Dataplane V2."
  }

  assert {
    condition     = google_container_node_pool.workloads[0].network_config[0].enable_private_nodes
    error_message = "Nodes must have no public address."
  }
}

run "production_survives_a_zone" {
  command = plan

  variables {
    database_high_availability = true
    database_tier              = "db-custom-4-15360"
  }

  assert {
    condition     = google_sql_database_instance.agora.settings[0].availability_type == "REGIONAL"
    error_message = "A standby must be asked for."
  }
}

run "every_data_service_has_a_database_and_a_user" {
  command = plan

  assert {
    condition     = keys(google_sql_database.service) == keys(google_sql_user.service) && length(google_sql_user.service) == 4
    error_message = "account, catalog, order and review must have a database and a user each."
  }
}

run "a_domain_gets_a_certificate" {
  command = plan

  variables {
    domain = "shop.example.com"
  }

  assert {
    condition     = one(google_compute_managed_ssl_certificate.ingress[*].managed[0].domains[0]) == "shop.example.com"
    error_message = "The certificate must be for the domain."
  }
}

run "helm_values_are_yaml" {
  command = apply

  assert {
    condition     = yamldecode(output.helm_values).externalDatabase.cloudSqlProxy.connectionName == "acme-shop:europe-west1:agora-test"
    error_message = "helm_values must name the instance."
  }
}
