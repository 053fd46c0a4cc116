{{/* What the two Redis servers have in common: (list $ component values rules loads), the pod up to its volumes. */}}
{{- define "agora.redisPod" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}{{- $values := index . 2 -}}{{- $rules := index . 3 -}}{{- $loads := last . -}}
metadata:
  {{- $checksum := dict "checksum/secret" (include "agora.secretChecksum" $root) }}
  {{- include "agora.podMetadata" (list $root $component false $checksum) | nindent 2 }}
spec:
  {{- include "agora.pod" (list $root (include "agora.name" (list $root $component)) 999) | nindent 2 }}
  containers:
    - name: redis
      image: "{{ $values.image.repository }}:{{ $values.image.tag }}"
      args: [redis-server, --requirepass, $(REDISCLI_AUTH), --save, "", {{ $rules }}]
      env:
        {{- include "agora.secretEnv" (list $root "REDISCLI_AUTH" (include "agora.secretName" $root) (printf "%s-password" $component)) | nindent 8 }}
      ports:
        - { name: redis, containerPort: 6379 }
      # A server that is still loading its data answers, with LOADING, and so is alive but not ready. Starting redis-cli costs more than
      # the server when it idles: the rare exec probes detect a hang, the connection probes all else.
      startupProbe:
        tcpSocket: { port: redis }
        initialDelaySeconds: 1
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        exec: { command: [redis-cli, ping] }
        periodSeconds: 30
        timeoutSeconds: 5
      readinessProbe:
        {{- if $loads }}
        exec: { command: [redis-cli, -e, ping] }
        periodSeconds: 10
        timeoutSeconds: 5
        {{- else }}
        tcpSocket: { port: redis }
        periodSeconds: 5
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
