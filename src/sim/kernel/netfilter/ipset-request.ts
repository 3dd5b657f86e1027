/** ipset's requests (IPSET_CMD_*), each told in the command's words. */
import type { Result } from '../../../base/result';
import { setErrorText, type SetCommand } from './ipset-words';
import type { Ipset, SetErrno, SetMember, SetSpec, SetType } from './ipset-door';

type Ask = (
  request: string,
  text: string,
  error: (errno: SetErrno) => string,
  act: () => Result<void, SetErrno>,
) => Result<void, SetErrno>;

export class IpsetRequests implements Ipset {
  constructor(
    private readonly sets: Ipset,
    private readonly ask: Ask,
  ) {}

  create(spec: SetSpec, exist?: boolean): Result<void, SetErrno> {
    const more =
      (spec.hashsize === undefined ? '' : ` hashsize ${spec.hashsize}`) +
      (spec.maxelem === undefined ? '' : ` maxelem ${spec.maxelem}`);
    return this.#asked('create', `${spec.name} ${spec.type}${more}`, () => this.sets.create(spec, exist));
  }
  destroy(name?: string): Result<void, SetErrno> {
    return this.#asked('destroy', `${name ?? ''}`, () => this.sets.destroy(name));
  }
  flush(name?: string): Result<void, SetErrno> {
    return this.#asked('flush', `${name ?? ''}`, () => this.sets.flush(name));
  }
  rename(from: string, to: string): Result<void, SetErrno> {
    return this.#asked('rename', `${from} ${to}`, () => this.sets.rename(from, to));
  }
  swap(from: string, to: string): Result<void, SetErrno> {
    return this.#asked('swap', `${from} ${to}`, () => this.sets.swap(from, to));
  }
  add(name: string, members: readonly SetMember[], exist?: boolean): Result<void, SetErrno> {
    return this.#asked('add', `${name} ${this.#words(name, members)}`, () =>
      this.sets.add(name, members, exist),
    );
  }
  del(name: string, members: readonly SetMember[], exist?: boolean): Result<void, SetErrno> {
    return this.#asked('del', `${name} ${this.#words(name, members)}`, () =>
      this.sets.del(name, members, exist),
    );
  }
  test(name: string, member: SetMember): Result<boolean, SetErrno> {
    return this.sets.test(name, member);
  }
  list(name?: string): ReturnType<Ipset['list']> {
    return this.sets.list(name);
  }
  type(name: string): SetType | undefined {
    return this.sets.type(name);
  }
  text(type: SetType, member: SetMember): string {
    return this.sets.text(type, member);
  }

  #words(name: string, members: readonly SetMember[]): string {
    const type = this.sets.type(name);
    const [first] = members;
    const last = members.at(-1);
    if (!type || !first || !last) return '';
    const text = this.sets.text(type, first);
    return members.length === 1 ? text : `${text} to ${this.sets.text(type, last)}`;
  }
  #asked(command: SetCommand, words: string, act: () => Result<void, SetErrno>): Result<void, SetErrno> {
    const text = `ipset ${command} ${words}`.trimEnd();
    return this.ask(`IPSET_CMD_${command.toUpperCase()}`, text, (errno) => setErrorText(errno, command), act);
  }
}
