resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:images hold code and no data; Google's own key encrypts them, and one of ours could be lost
  repository_id = local.prefix
  location      = var.region
  format        = "DOCKER"
  description   = "Images of ${local.prefix}"

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED"
      older_than = "14d"
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "90d"
    }
  }

  # Keeping wins over deleting, so a version in service for a year can still be pulled.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }

  depends_on = [google_project_service.required]
}
