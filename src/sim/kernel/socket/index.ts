export { Sockets } from './sockets';
