"""The source of the dashboards. `python -m charts.dashboards` writes them into the chart, as Grafana reads them."""
