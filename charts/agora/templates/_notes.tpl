{{/* What an upgrade does to the pods there are, as far as the revision before has noted what they are. */}}
{{- define "agora.upgradeNotes" -}}
{{- $before := (lookup "v1" "ConfigMap" .Release.Namespace (include "agora.name" (list . "workloads"))).data | default dict -}}
{{- $workloads := include "agora.workloads" . | fromYaml -}}
{{- $rolling := list -}}{{- $away := list -}}{{- $new := list -}}{{- $removed := list -}}
{{- range $name, $workload := $workloads -}}
  {{- $shown := printf "%s/%s" $workload.kind $name -}}
  {{- if not (hasKey $before $name) -}}
    {{- $new = append $new $shown -}}
  {{- else if ne (get $before $name) $workload.hash -}}
    {{- if $workload.isAway -}}{{- $away = append $away $shown -}}{{- else -}}{{- $rolling = append $rolling $shown -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- range $name, $_ := $before -}}
  {{- if not (hasKey $workloads $name) -}}{{- $removed = append $removed $name -}}{{- end -}}
{{- end -}}
{{- if not $before }}
It is not known what the revision before ran: every Pod may be replaced.
{{- else }}
{{- if not (or $rolling $away $new $removed) }}
No Pod is replaced.
{{- end }}
{{- with $rolling }}
Replaced, each Pod after its successor is ready: {{ join " " . }}
{{- end }}
{{- with $away }}
Replaced, and away until ready again: {{ join " " . }}
{{- end }}
{{- with $new }}
New: {{ join " " . }}
{{- end }}
{{- with $removed }}
Removed: {{ join " " . }}
{{- end }}
{{- end }}
{{- range $store := list "postgresql" "stream" }}
{{- if and (get $.Values $store).enabled (eq (include "agora.podManagementPolicy" (list $ $store)) "OrderedReady") }}
A rollback would not replace a Pod of {{ $store }} that cannot start. Once, and without stopping it, before the next upgrade:
   kubectl --namespace {{ $.Release.Namespace }} delete statefulset {{ include "agora.name" (list $ $store) }} --cascade=orphan
{{- end }}
{{- end }}
{{- end }}
