{{/* Passwords and tokens: the chart's own Secret, or one that exists. */}}

{{- define "agora.secretName" -}}
{{ .Values.secrets.existingSecret | default (include "agora.fullname" .) }}
{{- end }}

{{/* The keys of the Secret, each with whether a pod of these values reads it. */}}
{{- define "agora.secretKeys" -}}
operator-token: true
cache-password: {{ .Values.cache.enabled }}
stream-password: {{ .Values.stream.enabled }}
database-superuser: {{ .Values.postgresql.enabled }}
grafana-password: {{ .Values.observability.enabled }}
{{- range $owner, $_ := include "agora.databases" . | fromYaml }}
database-{{ $owner }}: {{ $.Values.postgresql.enabled }}
{{- end }}
{{- end }}

{{/*
Annotation of the pods that hold passwords: it changes when they do, and the pods restart. The chart's own passwords are random
and so cannot be hashed where a pod is rendered. Their Secret carries the annotation, which stays while the data has the
hash noted beside it (test_a_secret_that_changed_restarts_what_holds_it). PostgreSQL reads its own at its first start only.
*/}}
{{- define "agora.secretChecksum" -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace (include "agora.secretName" .) -}}
{{- $hash := $secret.data | toJson | sha256sum -}}
{{- if .Values.secrets.existingSecret -}}
{{ $hash }}
{{- else if and $secret (eq $hash (dig "metadata" "annotations" "checksum/data" "" $secret)) -}}
{{ index $secret.metadata.annotations "checksum/secret" }}
{{- else -}}
{{ printf "made by revision %d" .Release.Revision | sha256sum }}
{{- end -}}
{{- end }}

{{/* The same of a service, which also holds what the Secrets of external stores say. */}}
{{- define "agora.secretsChecksum" -}}
{{- $checksums := list (include "agora.secretChecksum" .) -}}
{{- range $store := list .Values.externalDatabase .Values.externalCache .Values.externalStream -}}
  {{- if and $store.enabled $store.existingSecret -}}
    {{- $checksums = append $checksums (lookup "v1" "Secret" $.Release.Namespace $store.existingSecret).data -}}
  {{- end -}}
{{- end -}}
{{ toJson $checksums | sha256sum }}
{{- end }}

{{/* A password or token as an environment variable: (list $ VARIABLE secret key). */}}
{{- define "agora.secretEnv" -}}
- name: {{ index . 1 }}
  valueFrom: { secretKeyRef: { name: {{ index . 2 }}, key: {{ index . 3 }} } }
{{- end }}
