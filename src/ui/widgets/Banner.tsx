import { Info, TriangleAlert, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useText } from '../i18n';
import { IconButton } from './Button';
import styles from './small.module.css';

interface BannerProps {
  readonly tone?: 'note' | 'bad';
  readonly children: ReactNode;
  readonly onDismiss: () => void;
}

export function Banner({ tone = 'note', children, onDismiss }: BannerProps) {
  const t = useText();
  return (
    <div className={styles.banner} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      {tone === 'bad' ? <TriangleAlert aria-hidden /> : <Info aria-hidden />}
      <div className={styles.bannerText}>{children}</div>
      <IconButton label={t('close')} icon={<X aria-hidden />} onClick={onDismiss} />
    </div>
  );
}
