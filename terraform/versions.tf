terraform {
  # 1.11 is the first with write-only arguments, which keep the cache's URL out of the state a second time (secrets.tf).
  required_version = ">= 1.11, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = local.labels
}
