"""Checks of the Terraform configuration that need neither Google Cloud nor, most of them, Terraform."""
