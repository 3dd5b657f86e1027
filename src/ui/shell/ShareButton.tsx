import { Check, Link2 } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { actions, useApp } from '../../state';
import { useText } from '../i18n';
import { Button } from '../widgets/Button';
import { copyText } from '../widgets/clipboard';
import { Tip } from '../widgets/Tip';

const LinkDialog = lazy(() => import('./LinkDialog'));

/** Copies the link to this very moment; where the browser forbids copying, shows it. */
export function ShareButton() {
  const t = useText();
  const ready = useApp((state) => state.run.phase === 'ready');
  const [done, setDone] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const share = () => {
    const url = actions.shareUrl();
    void copyText(url).then((copied) => {
      if (!copied) return setShown(url);
      setDone(true);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setDone(false), 2000);
    });
  };
  const label = t(done ? 'share.done' : 'share');
  return (
    <>
      <Tip text={t('share.hint')}>
        <Button look="primary" data-testid="share" disabled={!ready} aria-label={label} onClick={share}>
          {done ? <Check aria-hidden /> : <Link2 aria-hidden />}
          <span data-narrow="hide">{label}</span>
        </Button>
      </Tip>
      <span className="visually-hidden" role="status">
        {done ? t('share.done') : ''}
      </span>
      {shown === null ? null : (
        <Suspense>
          <LinkDialog url={shown} onClose={() => setShown(null)} />
        </Suspense>
      )}
    </>
  );
}
