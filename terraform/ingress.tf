# The address outlives the Ingress that the chart makes, so a DNS record can point at it before the first install.
resource "google_compute_global_address" "ingress" {
  name = "${local.prefix}-ingress"

  depends_on = [google_project_service.required]
}

resource "google_compute_managed_ssl_certificate" "ingress" {
  count = var.domain == "" ? 0 : 1

  # A certificate cannot change its domain, and the Ingress holds the old one until the new one is there.
  name = "${local.prefix}-${substr(sha256(var.domain), 0, 8)}"

  managed {
    domains = [var.domain]
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [google_project_service.required]
}

locals {
  ingress_annotations = merge(
    {
      "kubernetes.io/ingress.class"                 = "gce"
      "kubernetes.io/ingress.global-static-ip-name" = google_compute_global_address.ingress.name
    },
    var.domain == "" ? {} : {
      "ingress.gcp.kubernetes.io/pre-shared-cert" = one(google_compute_managed_ssl_certificate.ingress[*].name)
      "kubernetes.io/ingress.allow-http"          = "false"
    },
  )
}
