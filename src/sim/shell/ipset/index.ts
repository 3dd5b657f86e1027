/** The program that sets of addresses are made with. */
export { ipset } from './ipset';
