/** The simulation in a Web Worker. */
import { buffersOf } from './frames';
import { Host } from './host';
import { loadScenario } from './load';
import type { Command, Update } from './messages';

const scope = self as unknown as {
  postMessage(update: Update, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (message: MessageEvent<Command>) => void): void;
};

/** A task of its own, so that messages that have arrived are taken first. A message channel is not slowed down as timers are. */
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();
const breathe = () =>
  new Promise<void>((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(undefined);
  });

const host = new Host(
  loadScenario,
  (update) => scope.postMessage(update, update.type === 'batch' ? buffersOf(update.frames) : []),
  breathe,
);
scope.addEventListener('message', (message) => void host.handle(message.data));
