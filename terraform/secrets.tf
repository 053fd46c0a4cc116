locals {
  # One URL holds all a client needs, so that it fits the one variable REDIS_URL and no volume is mounted for the authority.
  # The authority signs for this instance alone and its certificates name no address: the chain is checked, the host name is not.
  redis_url = join("", [
    "rediss://:${google_redis_instance.cache.auth_string}",
    "@${google_redis_instance.cache.host}:${google_redis_instance.cache.port}/0",
    "?ssl_check_hostname=false",
    "&ssl_ca_data=${urlencode(join("\n", google_redis_instance.cache.server_ca_certs[*].cert))}",
  ])
}

resource "google_secret_manager_secret" "redis_url" {
  secret_id = "${local.prefix}-redis-url"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.required]
}

resource "google_secret_manager_secret_version" "redis_url" {
  secret         = google_secret_manager_secret.redis_url.id
  secret_data_wo = local.redis_url
  # A write-only value leaves no trace in the state to compare with; its hash tells when a new version is due.
  secret_data_wo_version = nonsensitive(sha256(local.redis_url))
}
