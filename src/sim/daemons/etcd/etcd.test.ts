import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_SERVER, etcdServer, type EtcdEffect, type EtcdInput, type EtcdServer } from './server';
import { apply, expire, nextExpiry, range, since, EMPTY_STORE, type EtcdRequest, type Store } from './store';

const SECOND = 1_000_000_000;

function applyAll(requests: readonly EtcdRequest[], store: Store = EMPTY_STORE): Store {
  return requests.reduce((state, request) => apply(state, request, 0).store, store);
}

describe('the store', () => {
  it('counts revisions and versions as etcd does', () => {
    // etcdctl put a 1; put a 2; put b 1; del a; put a 3; get --write-out=json
    const store = applyAll([
      { op: 'put', key: 'a', value: '1' },
      { op: 'put', key: 'a', value: '2' },
      { op: 'put', key: 'b', value: '1' },
      { op: 'delete', key: 'a', prefix: false },
      { op: 'put', key: 'a', value: '3' },
    ]);
    expect(store.revision).toBe(6);
    expect(range(store, '', true)).toEqual([
      { key: 'a', value: '3', createRevision: 6, modRevision: 6, version: 1 },
      { key: 'b', value: '1', createRevision: 4, modRevision: 4, version: 1 },
    ]);
  });

  it('does not count a delete that finds nothing', () => {
    const { store, answer } = apply(EMPTY_STORE, { op: 'delete', key: 'x', prefix: true }, 0);
    expect([store.revision, answer]).toEqual([1, { op: 'delete', revision: 1, deleted: 0 }]);
  });

  it('commits "version is 0" only once', () => {
    const txn: EtcdRequest = {
      op: 'txn',
      compare: [{ key: 'k', version: 0 }],
      puts: [{ key: 'k', value: 'v' }],
    };
    const first = apply(EMPTY_STORE, txn, 0);
    const second = apply(first.store, txn, 0);
    expect(first.answer).toMatchObject({ succeeded: true, revision: 2 });
    expect(second.answer).toMatchObject({ succeeded: false, revision: 2 });
    expect(second.events).toEqual([]);
  });

  it('refuses a put with an unknown lease', () => {
    expect(apply(EMPTY_STORE, { op: 'put', key: 'k', value: 'v', lease: 'dead' }, 0).answer).toEqual({
      op: 'error',
      text: 'etcdserver: requested lease not found',
    });
  });

  it('deletes the keys of a lease that runs out, and only those it still holds', () => {
    const granted = apply(EMPTY_STORE, { op: 'grant', ttlSec: 10 }, 0);
    const again = apply(granted.store, { op: 'grant', ttlSec: 20 }, 0);
    const [one, two] = [granted.answer, again.answer].map((answer) =>
      answer.op === 'grant' ? answer.lease.id : '',
    );
    const store = applyAll(
      [
        { op: 'put', key: 'a', value: '', lease: one },
        { op: 'put', key: 'b', value: '', lease: one },
        { op: 'put', key: 'b', value: '', lease: two },
      ],
      again.store,
    );
    expect(nextExpiry(store)).toBe(10 * SECOND);
    expect(expire(store, 10 * SECOND - 1).events).toEqual([]);
    const done = expire(store, 10 * SECOND);
    expect(done.events.map((event) => [event.type, event.kv.key])).toEqual([['DELETE', 'a']]);
    expect(range(done.store, '', true).map((kv) => kv.key)).toEqual(['b']);
    expect(nextExpiry(done.store)).toBe(20 * SECOND);
  });

  it('has a history that rebuilds the keys', () => {
    const key = fc.constantFrom('a', 'b', 'ab', 'c');
    const request = fc.oneof(
      fc.record({ op: fc.constant('put' as const), key, value: fc.string() }),
      fc.record({ op: fc.constant('delete' as const), key, prefix: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(request), (requests) => {
        const store = applyAll(requests);
        const rebuilt = new Map<string, string>();
        for (const { type, kv } of since(store, '', true, 0)) {
          if (type === 'PUT') rebuilt.set(kv.key, kv.value);
          else rebuilt.delete(kv.key);
        }
        expect(new Map(range(store, '', true).map((kv) => [kv.key, kv.value]))).toEqual(rebuilt);
        const revisions = store.history.map((event) => event.kv.modRevision);
        expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
      }),
    );
  });
});

describe('the server', () => {
  function serve(inputs: readonly EtcdInput[]): { state: EtcdServer; effects: EtcdEffect[] } {
    const effects: EtcdEffect[] = [];
    let state = EMPTY_SERVER;
    for (const input of inputs) {
      const next = etcdServer(state, input, 0);
      state = next.state;
      effects.push(...next.effects);
    }
    return { state, effects };
  }

  it('tells a watch what it missed, then what happens, and nothing outside its prefix', () => {
    const { effects } = serve([
      { on: 'request', id: 1, request: { op: 'put', key: '/s/1', value: 'x' } },
      { on: 'request', id: 2, request: { op: 'put', key: '/other', value: 'x' } },
      { on: 'request', id: 3, request: { op: 'watch', key: '/s/', prefix: true, from: 2 } },
      { on: 'request', id: 4, request: { op: 'put', key: '/s/2', value: 'y' } },
      { on: 'request', id: 5, request: { op: 'delete', key: '/s/', prefix: true } },
    ]);
    const told = effects.flatMap((effect) =>
      effect.do === 'deliver' ? [effect.events.map((e) => e.type + e.kv.key)] : [],
    );
    expect(told).toEqual([['PUT/s/1'], ['PUT/s/2'], ['DELETE/s/1', 'DELETE/s/2']]);
  });

  it('starts a watch after the present revision without old news', () => {
    const { effects } = serve([
      { on: 'request', id: 1, request: { op: 'put', key: '/s/1', value: 'x' } },
      { on: 'request', id: 2, request: { op: 'watch', key: '/s/', prefix: true, from: 3 } },
    ]);
    expect(effects.some((effect) => effect.do === 'deliver')).toBe(false);
  });

  it('stops telling a cancelled watch', () => {
    const { effects } = serve([
      { on: 'request', id: 1, request: { op: 'watch', key: '/s/', prefix: true, from: 1 } },
      { on: 'cancel', watch: 1 },
      { on: 'request', id: 2, request: { op: 'put', key: '/s/1', value: 'x' } },
    ]);
    expect(effects.some((effect) => effect.do === 'deliver')).toBe(false);
  });

  it('asks to be woken for the earliest lease and gives rows with before and after', () => {
    const { effects } = serve([
      { on: 'request', id: 1, request: { op: 'grant', ttlSec: 60 } },
      { on: 'request', id: 2, request: { op: 'grant', ttlSec: 30 } },
      { on: 'request', id: 3, request: { op: 'put', key: 'k', value: '1' } },
      { on: 'request', id: 4, request: { op: 'put', key: 'k', value: '2' } },
    ]);
    expect(effects.flatMap((effect) => (effect.do === 'alarm' ? [effect.at] : []))).toEqual([
      60 * SECOND,
      30 * SECOND,
    ]);
    const changes = effects.flatMap((effect) =>
      effect.do === 'row' ? [[effect.before?.value, effect.after?.value]] : [],
    );
    expect(changes).toEqual([
      [undefined, '1'],
      ['1', '2'],
    ]);
  });

  it('starts leases again with their whole time when it comes back, and has forgotten its watches', () => {
    const { state } = serve([
      { on: 'request', id: 1, request: { op: 'grant', ttlSec: 60 } },
      { on: 'request', id: 2, request: { op: 'watch', key: '', prefix: true, from: 1 } },
    ]);
    const back = etcdServer(state, { on: 'restart' }, 50 * SECOND);
    expect(back.effects).toEqual([{ do: 'alarm', at: 110 * SECOND }]);
    expect(back.state.watches).toEqual([]);
  });

  it('keeps a lease alive, and grants none shorter than two seconds or longer than 9,000,000,000', () => {
    const granted = apply(EMPTY_STORE, { op: 'grant', ttlSec: -5 }, 0);
    const lease = granted.answer.op === 'grant' ? granted.answer.lease : undefined;
    expect(lease).toMatchObject({ ttlSec: 2, expiresAt: 2 * SECOND });
    const kept = apply(granted.store, { op: 'keepalive', lease: lease?.id ?? '' }, SECOND);
    expect(nextExpiry(kept.store)).toBe(3 * SECOND);
    expect(apply(EMPTY_STORE, { op: 'grant', ttlSec: 9_000_000_001 }, 0).answer).toEqual({
      op: 'error',
      text: 'etcdserver: too large lease TTL',
    });
    expect(apply(EMPTY_STORE, { op: 'keepalive', lease: 'dead' }, 0).answer.op).toBe('error');
  });
});
