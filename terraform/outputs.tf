output "cluster_name" {
  description = "Name of the GKE cluster, for `gcloud container clusters get-credentials --dns-endpoint`."
  value       = google_container_cluster.agora.name
}

output "database_connection_name" {
  description = "Connection name of the Cloud SQL instance, as the Auth Proxy takes it."
  value       = google_sql_database_instance.agora.connection_name
}

output "helm_values" {
  description = "Values file for the chart: `terraform output -raw helm_values > gke.yaml`. It holds no secret."
  # The template holds plain names, no loop and no function, so that checks/overlay.py can render it without Terraform.
  value = templatefile("${path.module}/templates/values-gke.yaml.tftpl", local.overlay)
}

output "ingress_address" {
  description = "Public address of the shop; point the domain's A record at it."
  value       = google_compute_global_address.ingress.address
}

output "redis_url_secret" {
  description = "Secret Manager secret whose newest version is the cache's URL."
  value       = google_secret_manager_secret.redis_url.secret_id
}

output "registry" {
  description = "Where the images are pushed to, without the image's name."
  value       = local.overlay.registry
}

locals {
  overlay = {
    cache    = { host = google_redis_instance.cache.host, port = google_redis_instance.cache.port }
    database = { connection_name = google_sql_database_instance.agora.connection_name, private_address = google_sql_database_instance.agora.private_ip_address }
    ingress  = { annotations = jsonencode(local.ingress_annotations), host = var.domain }
    networks = { googleapis = local.private_googleapis }
    registry = "${google_artifact_registry_repository.images.location}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.name}"

    database_users   = { for name, user in google_sql_user.service : name => user.name }
    service_accounts = { for name, account in google_service_account.service : name => account.email }
  }
}
