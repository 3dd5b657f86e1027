/** Files come from the file dialog or are dropped on the page. */
import { actions } from '../../state';

const ACCEPT = '.json,.yaml,.yml,.sh,.txt,application/json,text/x-shellscript,text/plain,text/yaml';
/** More than this is not read into memory: `openText` refuses far less. */
const MOST_BYTES = 8_000_000;

export function openFile(file: File): void {
  // What is too large is refused by its size; the start of it is enough for that.
  void file
    .slice(0, MOST_BYTES)
    .text()
    .then((text) => actions.openText(file.name, text));
}

/** The browser's file dialog; what is picked is opened. */
export function pickFile(): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = ACCEPT;
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file !== undefined) openFile(file);
  });
  input.click();
}
