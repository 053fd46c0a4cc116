{{/* What the two Redis servers have in common: (list $ component values rules), the pod up to its volumes. */}}
{{- define "agora.redisPod" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}{{- $values := index . 2 -}}{{- $rules := index . 3 -}}
metadata:
  {{- include "agora.podMetadata" (list $root $component false dict) | nindent 2 }}
spec:
  {{- include "agora.pod" (list $root (include "agora.name" (list $root $component)) 999) | nindent 2 }}
  containers:
    - name: redis
      image: "{{ $values.image.repository }}:{{ $values.image.tag }}"
      args: [redis-server, --requirepass, $(PASSWORD), --save, "", {{ $rules }}]
      env:
        {{- include "agora.secretEnv" (list $root "PASSWORD" (include "agora.secretName" $root) (printf "%s-password" $component)) | nindent 8 }}
      ports:
        - { name: redis, containerPort: 6379 }
      {{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
      {{ $probe }}:
        # A server that is still loading its data answers, with LOADING, and so is alive but not ready.
        exec: { command: [sh, -c, 'REDISCLI_AUTH="$PASSWORD" redis-cli ping{{ ternary " | grep -q PONG" "" (eq $probe "readinessProbe") }}'] }
        periodSeconds: {{ ternary 10 2 (eq $probe "livenessProbe") }}
        timeoutSeconds: 3
        {{- if eq $probe "startupProbe" }}
        failureThreshold: 60
        {{- end }}
      {{- end }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      securityContext:
        {{- include "agora.containerSecurity" $root | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /data }
{{- end }}

{{/* The one port of a store's Service: (list $ component portName). */}}
{{- define "agora.storeService" -}}
{{- $root := first . -}}{{- $component := index . 1 -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "agora.metadata" (list $root $component) | nindent 2 }}
spec:
  clusterIP: None
  selector:
    {{- include "agora.selectorLabels" (list $root $component) | nindent 4 }}
  ports:
    - { name: {{ last . }}, port: {{ get (include "agora.storePorts" $root | fromYaml) $component }}, targetPort: {{ last . }}, appProtocol: {{ last . }} }
{{- end }}

{{/* The claim of a store's volume: (list $ storage). */}}
{{- define "agora.claim" -}}
{{- $storage := last . -}}
volumeClaimTemplates:
  - metadata: { name: data }
    spec:
      accessModes: [ReadWriteOnce]
      {{- with $storage.className }}
      storageClassName: {{ . }}
      {{- end }}
      resources: { requests: { storage: {{ $storage.size }} } }
{{- end }}
