export { Engine, type Timer } from './engine';
