import { Component, type ReactNode } from 'react';
import { useText } from '../i18n';
import { Button } from '../widgets/Button';
import { Copy } from '../widgets/Copy';
import styles from './shell.module.css';

interface BoundaryProps {
  /** Around the whole page; else around one panel, which can be tried again. */
  readonly whole?: boolean;
  readonly children: ReactNode;
}
interface BoundaryState {
  readonly error: Error | null;
}

/** Keeps one panel's failure from taking the others with it. */
export class ErrorBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Failure error={error} whole={this.props.whole === true} retry={() => this.setState({ error: null })} />
    );
  }
}

interface FailureProps {
  readonly error: Error;
  readonly whole: boolean;
  readonly retry: () => void;
}
function Failure({ error, whole, retry }: FailureProps) {
  const t = useText();
  return (
    <div className={styles.failure} role="alert">
      <h2>{t('failure.title')}</h2>
      <p>{t(whole ? 'failure.whole' : 'failure.panel')}</p>
      <pre>{error.message}</pre>
      <div className={styles.failureActions}>
        <Button look="primary" onClick={whole ? () => window.location.reload() : retry}>
          {t(whole ? 'failure.reload' : 'failure.retry')}
        </Button>
        <Copy
          wide
          text={`${error.message}\n${error.stack ?? ''}\n${window.location.href}`}
          label={t('failure.copy')}
        />
      </div>
    </div>
  );
}
