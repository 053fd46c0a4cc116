environment = "prod"
region      = "europe-west1"

cluster_mode = "standard"
node_pool = {
  machine_type = "e2-standard-4"
  max_per_zone = 3
  min_per_zone = 1
  spot         = false
}
release_channel = "STABLE"

database_high_availability = true
database_max_connections   = 400
database_retained_backups  = 30
database_tier              = "db-custom-4-15360"
deletion_protection        = true

redis_high_availability = true
redis_memory_gb         = 2
