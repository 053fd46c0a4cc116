resource "google_sql_database_instance" "agora" {
  #checkov:skip=CKV_GCP_6:connector_enforcement refuses everything but the proxy's mutual TLS; ssl_mode adds ENCRYPTED_ONLY
  #checkov:skip=CKV_GCP_52:PostgreSQL 18 made log_connections a list that the rule does not know; IAM logins are in the audit logs
  #checkov:skip=CKV_GCP_108:log_hostname costs a reverse look-up per connection and would name the proxy's node only
  #checkov:skip=CKV_GCP_110:pgAudit is idle until a migration creates its extension; log_statement records every change of schema
  #checkov:skip=CKV2_GCP_13:log_duration writes a line per statement; query insights keeps the durations
  name                = local.prefix
  database_version    = "POSTGRES_18"
  region              = var.region
  deletion_protection = var.deletion_protection

  settings {
    # PostgreSQL 16 and newer fall to ENTERPRISE_PLUS when unset, which refuses the db-custom tiers.
    edition                     = "ENTERPRISE"
    tier                        = var.database_tier
    availability_type           = var.database_high_availability ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_autoresize             = true
    deletion_protection_enabled = var.deletion_protection
    user_labels                 = local.labels
    # Only the Auth Proxy and the connectors get in: every connection is TLS on both ends and known to IAM.
    connector_enforcement = "REQUIRED"

    ip_configuration {
      ipv4_enabled       = false
      private_network    = google_compute_network.agora.id
      allocated_ip_range = google_compute_global_address.managed_services.name
      ssl_mode           = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "02:00"
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = var.database_retained_backups
      }
    }

    maintenance_window {
      day          = 7
      hour         = 3
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      record_application_tags = true
      record_client_address   = false
    }

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }

    database_flags {
      # A pool that lost its client must not hold row locks: 30 s is also the longest an order may stay undecided.
      name  = "idle_in_transaction_session_timeout"
      value = "30000"
    }

    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    database_flags {
      name  = "log_min_error_statement"
      value = "error"
    }

    database_flags {
      name  = "log_statement"
      value = "ddl"
    }

    database_flags {
      name  = "log_temp_files"
      value = "0"
    }

    database_flags {
      # Every replica keeps a pool, so the limit follows the sum of the pools and not the size of the machine.
      name  = "max_connections"
      value = tostring(var.database_max_connections)
    }
  }

  depends_on = [google_service_networking_connection.managed_services]
}

resource "google_sql_database" "service" {
  for_each = local.data_services

  name     = each.key
  instance = google_sql_database_instance.agora.name
  # It goes with the instance: dropping it alone would fail while a service is connected.
  deletion_policy = "ABANDON"
}

resource "google_sql_user" "service" {
  for_each = local.data_services

  # PostgreSQL knows a service account by its address without this ending.
  name           = trimsuffix(google_service_account.service[each.key].email, ".gserviceaccount.com")
  instance       = google_sql_database_instance.agora.name
  type           = "CLOUD_IAM_SERVICE_ACCOUNT"
  database_roles = var.database_roles
  # A role that owns tables cannot be dropped; it goes with the instance.
  deletion_policy = "ABANDON"
}
