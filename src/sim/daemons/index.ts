export * from './daemon';
export { dockerd } from './dockerd';
export type { DockerContainerSpec } from './dockerd/state';
export {
  EMPTY_SERVER,
  etcdServer,
  ETCD_LATENCY_NS,
  type EtcdEffect,
  type EtcdInput,
  type EtcdServer,
} from './etcd/server';
export {
  range,
  type EtcdAnswer,
  type EtcdRequest,
  type KeyValue,
  type Lease,
  type WatchEvent,
} from './etcd/store';
export { builtBackends, flanneld, SUBNET_ENV } from './flanneld/flanneld';
export { parseNetConf, type NetConf, type NetConfError } from './flanneld/config';
export { CONFIG_KEY } from './flanneld/lease';
export {
  KUBE_LATENCY_NS,
  kubeServer,
  kubeServerState,
  type KubeEffect,
  type KubeInput,
  type KubeOptions,
  type KubeServer,
} from './kube/server';
export { kubelet } from './kube/kubelet';
