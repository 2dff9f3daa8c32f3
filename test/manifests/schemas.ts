import { PodMonitor, PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { Deployment } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { CronJob, Job } from "kubernetes-models/batch/v1";
import { Ingress, NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { StorageClass } from "kubernetes-models/storage.k8s.io/v1";
import { ConfigMap, Namespace, PersistentVolumeClaim, Service, ServiceAccount } from "kubernetes-models/v1";
import type { Resource } from "./build.ts";

/** A model's check of what it is called on, by Kubernetes' or the Prometheus operator's own schema; throws what the schema has against it. */
type Model = { prototype: { validate(): void } };

const models: Readonly<Record<string, Model>> = {
  "apps/v1 Deployment": Deployment,
  "autoscaling/v2 HorizontalPodAutoscaler": HorizontalPodAutoscaler,
  "batch/v1 CronJob": CronJob,
  "batch/v1 Job": Job,
  "monitoring.coreos.com/v1 PodMonitor": PodMonitor,
  "monitoring.coreos.com/v1 PrometheusRule": PrometheusRule,
  "networking.k8s.io/v1 Ingress": Ingress,
  "networking.k8s.io/v1 NetworkPolicy": NetworkPolicy,
  "policy/v1 PodDisruptionBudget": PodDisruptionBudget,
  "storage.k8s.io/v1 StorageClass": StorageClass,
  "v1 ConfigMap": ConfigMap,
  "v1 Namespace": Namespace,
  "v1 PersistentVolumeClaim": PersistentVolumeClaim,
  "v1 Service": Service,
  "v1 ServiceAccount": ServiceAccount,
};

/** What the schema of its kind has against a resource, fields that it does not know included. */
export function complaintsOfSchema(resource: Resource): string[] {
  const kind = `${resource.apiVersion} ${resource.kind}`;
  const model = models[kind];
  if (model === undefined) return [`${kind}: there is no schema of it`];
  const watched = watch(resource, "");
  const name = `${resource.kind} ${resource.metadata.name}`;
  try {
    model.prototype.validate.call(watched.value);
  } catch (error) {
    return [`${name}: ${String(error)}`];
  }
  return watched.unread().map((path) => `${name}${path} is no field that Kubernetes knows`);
}

/**
 * The schemas let unknown fields pass, as Kubernetes does, which then drops them. But a compiled schema reads each field that it knows:
 * one that it never read is misspelt.
 */
function watch(value: object, path: string): { value: object; unread: () => string[] } {
  const read = new Set<string>();
  let isMap = false;
  const parts = new Map<string, { value: object; unread: () => string[] }>();
  const proxy = new Proxy(value, {
    get(target, key) {
      const part: unknown = Reflect.get(target, key);
      if (typeof key === "symbol") return part;
      read.add(key);
      if (typeof part !== "object" || part === null) return part;
      const known = parts.get(key) ?? watch(part, `${path}/${key}`);
      parts.set(key, known);
      return known.value;
    },
    ownKeys(target) {
      isMap = true;
      return Reflect.ownKeys(target);
    },
  });
  return {
    value: proxy,
    unread: () => [
      ...(isMap || Array.isArray(value)
        ? []
        : Object.keys(value)
            .filter((key) => !read.has(key))
            .map((key) => `${path}/${key}`)),
      ...[...parts.values()].flatMap((part) => part.unread()),
    ],
  };
}
