{{/* The Cloud SQL Auth Proxy as a native sidecar: it starts before the process and ends after it, in Jobs too. */}}
{{- define "agora.sidecars" -}}
{{- with .Values.externalDatabase }}
{{- if and .enabled .cloudSqlProxy.enabled }}
initContainers:
  - name: cloud-sql-proxy
    image: "{{ .cloudSqlProxy.image.repository }}:{{ .cloudSqlProxy.image.tag }}"
    restartPolicy: Always
    args:
      - --address={{ .host }}
      - --port={{ .port }}
      - --structured-logs
      - --health-check
      - --http-address=0.0.0.0
      - --http-port=9801
      {{- if .cloudSqlProxy.privateAddress }}
      - --private-ip
      {{- end }}
      {{- if .cloudSqlProxy.iamAuthentication }}
      - --auto-iam-authn
      {{- end }}
      - {{ .cloudSqlProxy.connectionName }}
    ports:
      - { name: proxy-health, containerPort: 9801 }
    startupProbe:
      httpGet: { path: /startup, port: proxy-health }
      periodSeconds: 1
      failureThreshold: 60
    livenessProbe:
      httpGet: { path: /liveness, port: proxy-health }
    readinessProbe:
      httpGet: { path: /startup, port: proxy-health }
    resources:
      {{- toYaml .cloudSqlProxy.resources | nindent 6 }}
    securityContext:
      {{- include "agora.containerSecurity" . | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}
