{{/*
The enabled rows of `services`, completed, as YAML. Beyond the values each has `owner`, the row whose image, identity and
database it shares, and, when it listens, `port`.
*/}}
{{- define "agora.services" -}}
{{- $rows := dict -}}
{{- range $name, $values := .Values.services -}}
  {{- $row := mergeOverwrite (deepCopy $.Values.serviceDefaults) (deepCopy $values) -}}
  {{- $owner := $row.partOf | default $name -}}
  {{- with $row.partOf -}}
    {{- $shared := mergeOverwrite (deepCopy $.Values.serviceDefaults) (deepCopy (get $.Values.services .)) -}}
    {{- $row = mergeOverwrite $row (pick $shared "database" "serviceAccount") -}}
  {{- end -}}
  {{- if $row.enabled -}}
    {{- $derived := dict "owner" $owner "module" ($row.module | default $name) "port" (get $.Values.ports $row.serves) -}}
    {{- $_ := set $rows $name (mergeOverwrite $row $derived) -}}
  {{- end -}}
{{- end -}}
{{ toYaml $rows }}
{{- end }}

{{/* Every database and its user, by the row that owns it; also of disabled rows, so that enabling one later finds it. */}}
{{- define "agora.databases" -}}
{{- $databases := dict -}}
{{- range $name, $row := .Values.services -}}
  {{- with $row.database -}}{{- $_ := set $databases $name . -}}{{- end -}}
{{- end -}}
{{ toYaml $databases }}
{{- end }}

{{/*
Every part of the release and the edges that leave it, as YAML: `calls` (part: port) inside the release, `stores` outside
of it, `outside` the port that is reached from other networks. The network policies are this table.
*/}}
{{- define "agora.parts" -}}
{{- $services := include "agora.services" . | fromYaml -}}
{{- $parts := dict -}}
{{- $scraped := dict -}}
{{- range $name, $row := $services -}}
  {{- $part := dict "calls" dict "stores" list "traced" true "meshed" true "metrics" true -}}
  {{- range $callee, $_ := $row.calls -}}{{- $_ := set $part.calls $callee $.Values.ports.grpc -}}{{- end -}}
  {{- $uses := dict "database" (or $row.database $row.databasesOf) "cache" $row.uses.cache "stream" $row.uses.stream -}}
  {{- include "agora.addStores" (list $ $part $uses) -}}
  {{- if eq $row.serves "http" -}}{{- $_ := set $part "outside" $row.port -}}{{- end -}}
  {{- $_ := set $parts $name $part -}}
  {{- $_ := set $scraped $name $.Values.ports.metrics -}}
  {{- if and $row.database (not $row.partOf) -}}
    {{- $migrations := dict "calls" dict "stores" list -}}
    {{- include "agora.addStores" (list $ $migrations (dict "database" true)) -}}
    {{- $_ := set $parts (printf "%s-migrations" $name) $migrations -}}
  {{- end -}}
{{- end -}}
{{- $shop := dict -}}
{{- range $name, $row := $services -}}
  {{- if has $row.serves (list "http" "tcp") -}}{{- $_ := set $shop $name $row.port -}}{{- end -}}
{{- end -}}
{{- if .Values.locust.enabled -}}
  {{- $master := dict "calls" dict "stores" list "meshed" true "metrics" true -}}
  {{- if ne .Values.locust.expose.type "ClusterIP" -}}{{- $_ := set $master "outside" 8089 -}}{{- end -}}
  {{- $_ := set $parts "locust-master" $master -}}
  {{- $_ := set $scraped "locust-master" $.Values.ports.metrics -}}
  {{- $worker := dict "calls" (merge (dict "locust-master" 5557) $shop) "stores" list "meshed" true -}}
  {{- $_ := set $parts "locust-worker" $worker -}}
{{- end -}}
{{- if .Values.observability.enabled -}}
  {{- $_ := set $parts "prometheus" (dict "calls" $scraped "stores" list) -}}
  {{- $grafana := dict "calls" (dict "prometheus" 9090) "stores" list -}}
  {{- if ne .Values.observability.grafana.expose.type "ClusterIP" -}}{{- $_ := set $grafana "outside" 3000 -}}{{- end -}}
  {{- $_ := set $parts "grafana" $grafana -}}
{{- end -}}
{{- range $store, $_ := include "agora.storePorts" . | fromYaml -}}
  {{- if (get $.Values $store).enabled -}}{{- $_ := set $parts $store (dict "calls" dict "stores" list) -}}{{- end -}}
{{- end -}}
{{- with $services.gateway -}}
  {{- $_ := set $parts "test" (dict "calls" (dict "gateway" .port) "stores" list) -}}
{{- end -}}
{{ toYaml $parts }}
{{- end }}

{{- define "agora.storePorts" -}}
postgresql: 5432
cache: 6379
stream: 6379
{{- end }}

{{/* Notes on a part which stores it reaches: (list $ part {database, cache, stream}). */}}
{{- define "agora.addStores" -}}
{{- $root := index . 0 -}}{{- $part := index . 1 -}}{{- $uses := index . 2 -}}
{{- range $use, $names := dict "database" (list "postgresql" "externalDatabase") "cache" (list "cache" "externalCache") "stream" (list "stream" "externalStream") -}}
  {{- if get $uses $use -}}
    {{- if (get $root.Values (first $names)).enabled -}}
      {{- $_ := set $part.calls (first $names) (get (include "agora.storePorts" $root | fromYaml) (first $names)) -}}
    {{- else -}}
      {{- $_ := set $part "stores" (append $part.stores (last $names)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end }}
