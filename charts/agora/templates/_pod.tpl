{{/* What pods have in common. */}}

{{/*
A pod's labels and annotations: (list $ component meshed annotations). No version among them, or a new chart would restart
the stores. Stores and Jobs stay outside of the service mesh.
*/}}
{{- define "agora.podMetadata" -}}
{{- $root := index . 0 -}}{{- $meshed := index . 2 -}}{{- $annotations := index . 3 -}}
labels:
  {{- include "agora.selectorLabels" (list $root (index . 1)) | nindent 2 }}
  {{- if $root.Values.istio.enabled }}
  sidecar.istio.io/inject: {{ $meshed | quote }}
  {{- end }}
{{- if $root.Values.linkerd.enabled }}
  {{- $annotations = merge (dict "linkerd.io/inject" (ternary "enabled" "disabled" $meshed)) $annotations }}
{{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The start of every pod's spec, up to its containers: (list $ ServiceAccount uid). */}}
{{- define "agora.pod" -}}
{{- $root := index . 0 -}}{{- $uid := index . 2 -}}
serviceAccountName: {{ index . 1 }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $uid }}
  runAsGroup: {{ $uid }}
  fsGroup: {{ $uid }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range $name, $used := . }}
  {{- if $used }}
  - name: {{ $name }}
  {{- end }}
  {{- end }}
{{- end }}
{{- with $root.Values.scheduling.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.scheduling.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.scheduling.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "agora.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* The start of a container of Agora's own images: (list $ image). Its root is read-only; /tmp is all it may write. */}}
{{- define "agora.container" -}}
image: {{ include "agora.image" . | quote }}
imagePullPolicy: {{ (first .).Values.image.pullPolicy }}
securityContext:
  {{- include "agora.containerSecurity" . | nindent 2 }}
volumeMounts:
  - { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "agora.tmp" -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end }}

{{/* Replicas on different nodes and zones where there are such: (list $ component). */}}
{{- define "agora.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "agora.selectorLabels" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{/*
Probes of a row. Liveness and start-up ask the process only, and never restart one that is slow. Readiness of a gateway
asks whether it can answer requests, also with 503 for the routes of a tier that is away, and takes a hung one out of the
Service within five seconds; that of the others also knows their stores, and their callers notice a hung one themselves.
*/}}
{{- define "agora.probes" -}}
# A process needs some seconds to listen, and what it needs may take longer: every probe before is an event of its own.
startupProbe:
  {{- include "agora.livenessCheck" . | nindent 2 }}
  initialDelaySeconds: 3
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  {{- include "agora.livenessCheck" . | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  {{- if eq .serves "grpc" }}
  grpc: { port: {{ .port }} }
  {{- else }}
  httpGet: { path: /readyz, port: {{ ternary "http" "metrics" (eq .serves "http") }} }
  {{- end }}
  periodSeconds: {{ ternary 2 5 (eq .serves "http") }}
  timeoutSeconds: {{ ternary 1 2 (eq .serves "http") }}
  failureThreshold: 2
{{- end }}

{{- define "agora.livenessCheck" -}}
{{- if eq .serves "grpc" -}}
grpc: { port: {{ .port }}, service: liveness }
{{- else -}}
httpGet: { path: /healthz, port: {{ ternary "http" "metrics" (eq .serves "http") }} }
{{- end }}
{{- end }}
