import type { Program } from './program';

/** Every program by name; filled by `commands.ts`. Programs that run others (`ip netns exec`) look here. */
export const programs = new Map<string, Program>();
