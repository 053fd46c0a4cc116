resource "google_service_account" "nodes" {
  account_id   = "${local.prefix}-nodes"
  display_name = "Nodes of ${local.prefix}"

  depends_on = [google_project_service.required]
}

resource "google_project_iam_member" "nodes" {
  project = var.project_id
  # Logs and metrics, and nothing of the data.
  role   = "roles/container.defaultNodeServiceAccount"
  member = google_service_account.nodes.member
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.nodes.member
}

resource "google_service_account" "service" {
  for_each = local.services

  account_id   = "${local.prefix}-${each.key}"
  display_name = "Service ${each.key} of ${local.prefix}"

  depends_on = [google_project_service.required]
}

resource "google_service_account_iam_member" "workload_identity" {
  for_each = local.services

  service_account_id = google_service_account.service[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project_id}.svc.id.goog[${var.kubernetes_namespace}/${each.key}]"

  # The identity pool named in `member` comes into being with the project's first cluster.
  depends_on = [google_container_cluster.agora]
}

locals {
  database_grants = {
    for pair in setproduct(local.data_services, ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]) :
    "${pair[0]} ${pair[1]}" => { service = pair[0], role = pair[1] }
  }
}

resource "google_project_iam_member" "database" {
  for_each = local.database_grants

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.service[each.value.service].member

  # Cloud SQL has no policy on an instance; the condition narrows the project's to this one.
  condition {
    title      = "only-${google_sql_database_instance.agora.name}"
    expression = "resource.type == 'sqladmin.googleapis.com/Instance' && resource.name == 'projects/${var.project_id}/instances/${google_sql_database_instance.agora.name}'"
  }
}
