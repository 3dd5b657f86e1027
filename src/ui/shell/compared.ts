import type { Text } from '../i18n';
import type { Compared } from './catalogue';

/** In one line: against what, and how. */
export const comparedLine = ({ by, kernel }: Compared, t: Text): string =>
  t(by === 'lab' ? 'compared.lab' : 'compared.line', { kernel });
