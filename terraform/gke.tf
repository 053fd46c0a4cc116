resource "google_container_cluster" "agora" {
  #checkov:skip=CKV_GCP_12:Dataplane V2 enforces NetworkPolicy itself; the add-on that the rule asks for excludes it
  #checkov:skip=CKV_GCP_65:group bindings need a Workspace domain, which not every project has
  #checkov:skip=CKV_GCP_66:the policy of Binary Authorization belongs to the project and its build pipeline, not to one cluster
  #checkov:skip=CKV_GCP_69:the default pool is removed; the pool below sets GKE_METADATA, and Autopilot always does
  name                = local.prefix
  location            = var.region
  deletion_protection = var.deletion_protection
  # The provider's default_labels reach `labels` only; what is called otherwise is labelled by hand, here and below.
  resource_labels = local.labels

  # Autopilot refuses these arguments even at the value it would choose itself, hence null instead of false.
  enable_autopilot            = local.autopilot ? true : null
  initial_node_count          = local.autopilot ? null : 1
  remove_default_node_pool    = local.autopilot ? null : true
  enable_intranode_visibility = local.autopilot ? null : true
  enable_shielded_nodes       = local.autopilot ? null : true
  datapath_provider           = local.autopilot ? null : "ADVANCED_DATAPATH"

  network         = google_compute_network.agora.id
  subnetwork      = google_compute_subnetwork.nodes.id
  networking_mode = "VPC_NATIVE"

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
  }

  # People reach the control plane by its DNS name, which asks IAM on every call; no address of it is public.
  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
  }

  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled = false
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  release_channel {
    channel = var.release_channel
  }

  maintenance_policy {
    daily_maintenance_window {
      start_time = "03:00"
    }
  }

  dynamic "workload_identity_config" {
    for_each = local.autopilot ? [] : [1] # always on in Autopilot
    content {
      workload_pool = "${var.project_id}.svc.id.goog"
    }
  }

  dynamic "cluster_autoscaling" {
    for_each = local.autopilot ? [1] : []
    content {
      auto_provisioning_defaults {
        service_account = google_service_account.nodes.email
        oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
      }
    }
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }

  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]

    managed_prometheus {
      enabled = var.managed_prometheus
    }
  }

  security_posture_config {
    mode = "BASIC"
  }

  depends_on = [google_project_iam_member.nodes]
}

resource "google_container_node_pool" "workloads" {
  count = local.autopilot ? 0 : 1

  name     = "workloads"
  cluster  = google_container_cluster.agora.id
  location = var.region

  autoscaling {
    min_node_count = var.node_pool.min_per_zone
    max_node_count = var.node_pool.max_per_zone
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    max_surge       = 1
    max_unavailable = 0
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type    = var.node_pool.machine_type
    spot            = var.node_pool.spot
    disk_size_gb    = 50
    disk_type       = "pd-balanced"
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    resource_labels = local.labels

    metadata = {
      disable-legacy-endpoints = "true"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
}
