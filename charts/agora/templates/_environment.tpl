{{/* The environment of the processes: docs of the names stand in each service's settings.py. */}}

{{/* Of a row: (list $ row). What all rows share comes from the ConfigMap. */}}
{{- define "agora.environment" -}}
{{- $root := first . -}}{{- $row := last . -}}
{{- with get (dict "grpc" "GRPC_PORT" "http" "HTTP_PORT" "tcp" "MONOLITH_PORT") $row.serves }}
- { name: {{ . }}, value: "{{ $row.port }}" }
{{- end }}
{{- range $callee, $_ := $row.calls }}
- { name: {{ upper $callee }}_TARGET, value: "dns:///{{ include "agora.host" (list $root $callee) }}:{{ $root.Values.ports.grpc }}" }
{{- end }}
{{- if $row.database }}
{{- include "agora.databaseEnvironment" (list $root "" $row.owner $row.database) }}
- { name: DATABASE_POOL_SIZE, value: "{{ $row.databasePoolSize }}" }
{{- end }}
{{- range $owner, $used := $row.databasesOf }}
{{- if $used }}
{{- include "agora.databaseEnvironment" (list $root (printf "%s_" (upper $owner)) $owner (get $root.Values.services $owner).database) }}
{{- end }}
{{- end }}
{{- if $row.uses.cache }}
{{- include "agora.redisEnvironment" (list $root "REDIS_URL" "cache" $root.Values.externalCache) }}
{{- end }}
{{- if $row.uses.stream }}
{{- include "agora.redisEnvironment" (list $root "STREAM_URL" "stream" $root.Values.externalStream) }}
{{- end }}
{{- if $row.uses.operatorToken }}
{{ include "agora.secretEnv" (list $root "AGORA_OPERATOR_TOKEN" (include "agora.secretName" $root) "operator-token") }}
{{- end }}
{{- if eq $row.serves "http" }}
{{- with $root.Values.ingress.trustedProxies }}
- { name: AGORA_TRUSTED_PROXIES, value: "{{ values . | sortAlpha | join "," }}" }
{{- end }}
{{- with $root.Values.ingress.corsOrigins }}
- { name: AGORA_CORS_ORIGINS, value: "{{ values . | sortAlpha | join "," }}" }
{{- end }}
{{- end }}
{{- range $variable, $value := $row.env }}
- { name: {{ $variable }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{/* DATABASE_URL, with a prefix: (list $ prefix owner {name, user}). Kubernetes puts the password where $(...) stands. */}}
{{- define "agora.databaseEnvironment" -}}
{{- $root := index . 0 -}}{{- $prefix := index . 1 -}}{{- $owner := index . 2 -}}{{- $database := index . 3 -}}
{{- $external := $root.Values.externalDatabase -}}
{{- $user := $database.user | urlquery -}}
{{- $server := printf "%s:5432" (include "agora.host" (list $root "postgresql")) -}}
{{- $secret := include "agora.secretName" $root -}}
{{- $key := printf "database-%s" $owner -}}
{{- $options := "" -}}
{{- if $external.enabled -}}
  {{- $server = printf "%s:%v" $external.host $external.port -}}
  {{- $secret = $external.existingSecret -}}
  {{- $key = $owner -}}
  {{- if not $external.cloudSqlProxy.enabled -}}{{- $options = printf "?sslmode=%s" $external.sslMode -}}{{- end -}}
{{- end -}}
{{- if not (and $external.enabled $external.cloudSqlProxy.iamAuthentication) }}
{{ include "agora.secretEnv" (list $root (printf "%sDATABASE_PASSWORD" $prefix) $secret $key) }}
{{- $user = printf "%s:$(%sDATABASE_PASSWORD)" $user $prefix -}}
{{- end }}
- { name: {{ $prefix }}DATABASE_URL, value: "postgresql://{{ $user }}@{{ $server }}/{{ $database.name }}{{ $options }}" }
{{- end }}

{{/* (list $ VARIABLE component external) */}}
{{- define "agora.redisEnvironment" -}}
{{- $root := index . 0 -}}{{- $variable := index . 1 -}}{{- $component := index . 2 -}}{{- $external := index . 3 -}}
{{- if $external.enabled }}
{{ include "agora.secretEnv" (list $root $variable $external.existingSecret $external.existingSecretKey) }}
{{- else }}
{{ include "agora.secretEnv" (list $root (printf "%s_PASSWORD" (upper $component)) (include "agora.secretName" $root) (printf "%s-password" $component)) }}
- { name: {{ $variable }}, value: "redis://:$({{ upper $component }}_PASSWORD)@{{ include "agora.host" (list $root $component) }}:6379/0" }
{{- end }}
{{- end }}
