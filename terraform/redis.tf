# The cache only: it may evict and may be lost. The durable stream stays in the cluster on a persistent volume, since
# Memorystore for Redis has snapshots but no append-only file.
resource "google_redis_instance" "cache" {
  name                    = "${local.prefix}-cache"
  region                  = var.region
  tier                    = var.redis_high_availability ? "STANDARD_HA" : "BASIC"
  memory_size_gb          = var.redis_memory_gb
  redis_version           = "REDIS_7_2"
  authorized_network      = google_compute_network.agora.id
  connect_mode            = "PRIVATE_SERVICE_ACCESS"
  reserved_ip_range       = google_compute_global_address.managed_services.name
  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  # It holds nothing that cannot be computed again, and `deletion_protection` in the variables is about data.
  deletion_protection = false

  redis_configs = {
    "maxmemory-policy" = "allkeys-lru"
  }

  maintenance_policy {
    weekly_maintenance_window {
      day = "SUNDAY"

      start_time {
        hours = 3
      }
    }
  }

  depends_on = [google_service_networking_connection.managed_services]
}
