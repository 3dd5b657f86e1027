import { messageParts, type Message } from '../../explain';
import { useLang } from '../i18n';

/** A sentence of the story: names strong, what a terminal shows in monospace. */
export function Sentence({ of }: { readonly of: Message }) {
  const lang = useLang();
  return messageParts(lang, of).map((part, i) =>
    part.style === 'strong' ? (
      <strong key={i}>{part.text}</strong>
    ) : part.style === 'code' ? (
      <code key={i}>{part.text}</code>
    ) : (
      <span key={i}>{part.text}</span>
    ),
  );
}
