import type { Program } from '../program';
import { arp } from './arp';
import { ifconfig } from './ifconfig';
import { route } from './route';

export const nettools: readonly Program[] = [route, arp, ifconfig];
