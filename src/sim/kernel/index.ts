/** What the world needs of the kernel model. Commands and daemons use `netlink.ts` alone. */
export { Kernel, type Ground } from './kernel';
export { Netns } from './netns';
export { Tracer } from './tracer';
