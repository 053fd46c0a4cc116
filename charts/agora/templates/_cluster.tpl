{{/* State of the cluster that a rendering depends on. Without a cluster, as in `helm template`, lookup finds nothing. */}}

{{/* A workload as it runs now: (list $ kind component). */}}
{{- define "agora.liveWorkload" -}}
{{- $root := first . -}}
{{- lookup "apps/v1" (index . 1) $root.Release.Namespace (include "agora.name" (list $root (last .))) | toYaml -}}
{{- end }}

{{/*
Replicas of an autoscaled Deployment: (list $ name row). Left out, a number that helm once set would fall back to 1 when autoscaling
is switched on; set, one that the autoscaler has changed since would be a conflict of a server-side apply, in a rollback too. So
the number is left out unless it is helm's, which it also is after every client-side apply
(test_autoscaling_switched_on_loses_no_replica, test_the_number_of_an_autoscaler_is_left_to_it).
*/}}
{{- define "agora.autoscaledReplicas" -}}
{{- $row := last . -}}
{{- with include "agora.liveWorkload" (list (first .) "Deployment" (index . 1)) | fromYaml -}}
  {{- $applied := false -}}{{- $owned := false -}}
  {{- range .metadata.managedFields -}}
    {{- if eq .operation "Apply" -}}
      {{- $applied = true -}}
      {{- $owned = or $owned (hasKey (dig "f:spec" dict .fieldsV1) "f:replicas") -}}
    {{- end -}}
  {{- end -}}
  {{- if or $owned (not $applied) -}}
replicas: {{ max .spec.replicas $row.replicas }}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* Parallel: a Pod that cannot start does not keep a rollback from replacing it. It cannot be changed, so what exists keeps its own. */}}
{{- define "agora.podManagementPolicy" -}}
{{- dig "spec" "podManagementPolicy" "Parallel" (include "agora.liveWorkload" (list (first .) "StatefulSet" (last .)) | fromYaml) -}}
{{- end }}

{{/* Every workload with what NOTES says of an upgrade: the hash of its pods, and whether it is away while they are replaced. */}}
{{- define "agora.workloads" -}}
{{- $workloads := dict -}}
{{- range $file := list "deployments" "locust" "observability/grafana" "observability/prometheus" "stores/cache" "stores/postgresql" "stores/stream" -}}
  {{- range $document := include (printf "%s/%s.yaml" $.Template.BasePath $file) $ | splitList "\n---" -}}
    {{- $object := fromYaml $document -}}
    {{- if has $object.kind (list "Deployment" "StatefulSet") -}}
      {{- $isAway := or (eq $object.kind "StatefulSet") (eq (dig "strategy" "type" "" $object.spec) "Recreate") -}}
      {{- $hash := $object.spec.template | toJson | sha256sum -}}
      {{- $_ := set $workloads $object.metadata.name (dict "kind" (lower $object.kind) "hash" $hash "isAway" $isAway) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{ toYaml $workloads }}
{{- end }}
