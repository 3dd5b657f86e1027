/** A host in this thread behind a client's port. Everything crosses by structured cloning, as to a worker. */
import type { Connect } from '../client';
import { buffersOf } from '../frames';
import { Host, type LoadScenario } from '../host';

export function connectLocally(load: LoadScenario): Connect {
  return (events) => {
    let open = true;
    const breathe = () => new Promise<void>((resolve) => setTimeout(resolve));
    const host = new Host(
      load,
      (update) => {
        const transfer = update.type === 'batch' ? buffersOf(update.frames) : [];
        const copy = structuredClone(update, { transfer });
        setTimeout(() => {
          if (open) events.update(copy);
        });
      },
      breathe,
    );
    return {
      post(command) {
        const copy = structuredClone(command);
        setTimeout(() => {
          if (open) void host.handle(copy);
        });
      },
      terminate() {
        open = false;
      },
    };
  };
}
