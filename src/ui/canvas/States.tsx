/** The stage without a network: nothing opened, being built, or refused. */
import { actions, useApp } from '../../state';
import { placeText } from '../widgets/place';
import styles from './states.module.css';
import { useStrings } from './strings';

function Rooms() {
  return (
    <div className={styles.rooms} aria-hidden>
      {[0, 1].map((room) => (
        <div key={room} className={styles.room}>
          <i className={styles.title} />
          <i className={styles.pod} />
          <i className={styles.user} />
          <i className={styles.kernel} />
        </div>
      ))}
      <i className={styles.switch} />
    </div>
  );
}

export function EmptyStage() {
  const strings = useStrings();
  const { phase, problems, progress } = useApp((state) => state.run);
  const lang = useApp((state) => state.settings.lang);
  if (phase === 'loading') {
    return (
      <div className={styles.state} data-loading role="status">
        <Rooms />
        <p>
          {strings.loading}
          {progress > 0 ? ` ${strings.loadingCount(progress.toLocaleString(lang))}` : ''}
        </p>
        {progress > 0 ? (
          <button type="button" className={styles.button} onClick={() => actions.cancel()}>
            {strings.cancel}
          </button>
        ) : null}
      </div>
    );
  }
  if (phase === 'error') {
    return (
      <div className={styles.state}>
        <div className={styles.card} role="alert">
          <h2>{strings.errorTitle}</h2>
          <ul>
            {problems.map(({ place, message }, i) => (
              <li key={i}>
                <code>{placeText(place, lang)}</code>
                <span>{message[lang]}</span>
              </li>
            ))}
          </ul>
          <p>{strings.errorHint}</p>
        </div>
      </div>
    );
  }
  return (
    <div className={styles.state}>
      <Rooms />
      <h2>{strings.emptyTitle}</h2>
      <p>{strings.emptyHint}</p>
    </div>
  );
}
