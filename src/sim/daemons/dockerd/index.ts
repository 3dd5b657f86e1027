export { dockerd } from './dockerd';
export { hexDigits, nextAddress } from './network';
export type { DockerdOptions } from './state';
