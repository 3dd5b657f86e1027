/** What the kernel's answers about sets mean, in the words of ipset 7.17 (lib/errcode.c). */
import type { SetErrno } from './ipset-door';

export type SetCommand = 'create' | 'destroy' | 'flush' | 'rename' | 'swap' | 'add' | 'del' | 'test' | 'list';

const WORDS: Readonly<Record<SetErrno, string>> = {
  ENOENT: 'The set with the given name does not exist',
  ENOENT_SECOND: 'Sets cannot be swapped: the second set does not exist',
  EEXIST: 'Set cannot be created: set with the same name already exists',
  EEXIST_NEW: 'Set cannot be renamed: a set with the new name already exists',
  EBUSY: 'Set cannot be destroyed: it is in use by a kernel component',
  EREFERENCED: 'Set cannot be renamed: it is in use by another system',
  ETYPE: 'The sets cannot be swapped: their type does not match',
  EFULL: 'Hash is full, cannot add more elements',
  ECIDR: 'The value of the CIDR parameter of the IP address is invalid',
  EMAXSETS: 'Kernel error received: maximal number of sets reached, cannot create more.',
};

export function setErrorText(errno: SetErrno, command: SetCommand): string {
  if (errno === 'EEXIST' && command === 'add')
    return "Element cannot be added to the set: it's already added";
  if (errno === 'EEXIST' && command === 'del')
    return "Element cannot be deleted from the set: it's not added";
  return WORDS[errno];
}
