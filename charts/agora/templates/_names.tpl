{{/* Names and labels. Those that belong to a part of the release take (list $ component). */}}

{{- define "agora.fullname" -}}
{{- ternary .Release.Name (printf "%s-agora" .Release.Name) (contains "agora" .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "agora.name" -}}
{{ include "agora.fullname" (first .) }}-{{ last . | kebabcase }}
{{- end }}

{{/* The headless Service of a row, whose addresses are those of its replicas: (list $ name row). */}}
{{- define "agora.replicasName" -}}
{{ include "agora.name" (list (first .) (index . 1)) }}{{ if eq (last .).serves "http" }}-replicas{{ end }}
{{- end }}

{{- define "agora.host" -}}
{{ include "agora.name" . }}.{{ include "agora.domain" (first .) }}
{{- end }}

{{- define "agora.domain" -}}
{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}
{{- end }}

{{- define "agora.releaseLabels" -}}
app.kubernetes.io/name: agora
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "agora.selectorLabels" -}}
{{ include "agora.releaseLabels" (first .) }}
app.kubernetes.io/component: {{ last . | kebabcase }}
{{- end }}

{{- define "agora.labels" -}}
{{- $root := first . -}}
{{ include "agora.selectorLabels" . }}
app.kubernetes.io/part-of: agora
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{- define "agora.metadata" -}}
name: {{ include "agora.name" . }}
labels:
  {{- include "agora.labels" . | nindent 2 }}
{{- end }}

{{/* The ServiceAccount of a row of `services`: (list $ name row). */}}
{{- define "agora.serviceAccountName" -}}
{{- $row := last . -}}
{{ $row.serviceAccount.name | default (include "agora.name" (list (first .) $row.owner)) }}
{{- end }}

{{/* An image of Agora's own: (list $ name). */}}
{{- define "agora.image" -}}
{{- $root := first . -}}
{{- with $root.Values.image -}}
{{ with .registry }}{{ . }}/{{ end }}{{ .repository }}/{{ last $ }}:{{ .tag | default $root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* The port of a Service that may be exposed: (list port targetPort expose). */}}
{{- define "agora.exposedPort" -}}
{{- $expose := last . -}}
{ name: {{ index . 1 }}, port: {{ first . }}, targetPort: {{ index . 1 }}, appProtocol: http{{ with $expose.nodePort }}, nodePort: {{ . }}{{ end }} }
{{- end }}
