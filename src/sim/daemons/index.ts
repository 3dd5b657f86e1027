export * from './daemon';
export { cni } from './cni';
export { dockerd } from './dockerd';
export {
  EMPTY_SERVER,
  etcdServer,
  ETCD_LATENCY_NS,
  type EtcdEffect,
  type EtcdInput,
  type EtcdServer,
} from './etcd/server';
export { range, type EtcdAnswer, type EtcdRequest, type KeyValue, type WatchEvent } from './etcd/store';
export { builtBackends, flanneld, SUBNET_ENV } from './flanneld/flanneld';
export { parseNetConf, type NetConf, type NetConfError } from './flanneld/config';
export { CONFIG_KEY } from './flanneld/lease';
