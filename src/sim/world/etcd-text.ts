/** What etcd's requests and answers say, in a line for the trace. */
import type { EtcdAnswer, EtcdRequest } from '../daemons/index';

export function requestText(request: EtcdRequest): string {
  switch (request.op) {
    case 'range':
    case 'delete':
    case 'watch':
      return request.prefix ? `${request.key} --prefix` : request.key;
    case 'put':
      return `${request.key} ${request.value}`;
    case 'grant':
      return `${request.ttlSec}s`;
    case 'revoke':
    case 'keepalive':
      return request.lease;
    case 'txn':
      return [
        ...request.compare.map(({ key, version }) => `version("${key}") = ${version}`),
        ...request.puts.map(({ key, value }) => `put ${key} ${value}`),
      ].join('; ');
  }
}

export function answerText(answer: EtcdAnswer): string {
  switch (answer.op) {
    case 'range':
      return answer.kvs.length === 0 ? 'no key' : answer.kvs.map((kv) => `${kv.key} ${kv.value}`).join('\n');
    case 'grant':
      return `lease ${answer.lease.id} granted with TTL(${answer.lease.ttlSec}s)`;
    case 'keepalive':
      return `lease ${answer.lease.id} keepalived with TTL(${answer.lease.ttlSec})`;
    case 'txn':
      return answer.succeeded ? `SUCCESS, revision ${answer.revision}` : 'FAILURE';
    case 'delete':
      return `${answer.deleted} deleted, revision ${answer.revision}`;
    case 'error':
      return answer.text;
    default:
      return `OK, revision ${answer.revision}`;
  }
}
