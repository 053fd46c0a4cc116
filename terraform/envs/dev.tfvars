environment = "dev"
region      = "europe-west1"

cluster_mode        = "autopilot"
database_tier       = "db-g1-small"
deletion_protection = false
