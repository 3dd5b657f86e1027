/** Programs that speak TCP and UDP, and those that show who does. */
import type { Program } from '../program';
import { curl } from './curl';
import { nc } from './nc';
import { nginx } from './nginx';
import { netstat, ss } from './ss';

export const net: readonly Program[] = [nc, curl, nginx, ss, netstat];
