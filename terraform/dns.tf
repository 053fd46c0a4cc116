# Google's interfaces answer on four fixed private addresses, so that a NetworkPolicy can name them instead of the whole internet.
resource "google_dns_managed_zone" "googleapis" {
  name        = "${local.prefix}-googleapis"
  dns_name    = "googleapis.com."
  description = "Google's interfaces by their private addresses"
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.agora.id
    }
  }

  depends_on = [google_project_service.required]
}

resource "google_dns_record_set" "private_googleapis" {
  managed_zone = google_dns_managed_zone.googleapis.name
  name         = "private.googleapis.com."
  type         = "A"
  ttl          = 300
  rrdatas      = [for index in range(4) : cidrhost(local.private_googleapis, index)]
}

resource "google_dns_record_set" "googleapis" {
  managed_zone = google_dns_managed_zone.googleapis.name
  name         = "*.googleapis.com."
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [google_dns_record_set.private_googleapis.name]
}

locals {
  private_googleapis = "199.36.153.8/30"
}
