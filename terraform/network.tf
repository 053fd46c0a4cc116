resource "google_compute_network" "agora" {
  name                    = local.prefix
  auto_create_subnetworks = false

  depends_on = [google_project_service.required]
}

resource "google_compute_subnetwork" "nodes" {
  name                     = "${local.prefix}-nodes"
  network                  = google_compute_network.agora.id
  region                   = var.region
  ip_cidr_range            = var.ip_ranges.nodes
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = var.ip_ranges.pods
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = var.ip_ranges.services
  }

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# GKE adds the rules its nodes need; this one makes the network's implicit refusal of everything else visible in the logs.
resource "google_compute_firewall" "deny_ingress" {
  name          = "${local.prefix}-deny-ingress"
  network       = google_compute_network.agora.id
  direction     = "INGRESS"
  priority      = 65534
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_router" "nat" {
  name    = "${local.prefix}-nat"
  network = google_compute_network.agora.id
  region  = var.region
}

resource "google_compute_router_nat" "nodes" {
  name                               = "${local.prefix}-nodes"
  router                             = google_compute_router.nat.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.nodes.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# Cloud SQL and Memorystore live in Google's network and are reached through this range (private service access).
resource "google_compute_global_address" "managed_services" {
  name          = "${local.prefix}-managed-services"
  network       = google_compute_network.agora.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = split("/", var.ip_ranges.managed_services)[0]
  prefix_length = tonumber(split("/", var.ip_ranges.managed_services)[1])
}

resource "google_service_networking_connection" "managed_services" {
  network                 = google_compute_network.agora.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.managed_services.name]
  # Google refuses to remove the peering for hours after Cloud SQL is gone; abandoning it lets `destroy` finish.
  deletion_policy = "ABANDON"

  depends_on = [google_project_service.required]
}
