import { tellBound, tellChange, tellCommand, tellConfig, tellControl, tellOutput } from './control';
import { find, type EventOf, type Told, type TitleContext } from './context';
import { tellArp, tellBridge, tellResolve, tellTunnel, tellVtep } from './links';
import { tellHook } from './hooks';
import { tellDrop, tellError, tellForward, tellFrame, tellLookup } from './packets';

function refusal({ draft }: TitleContext): EventOf<'hook'> | undefined {
  return draft.events.findLast((e): e is EventOf<'hook'> => e.kind === 'hook' && e.verdict !== 'ACCEPT');
}

/** The sentence of a step, its small line, and its colour. */
export function tell(ctx: TitleContext): Told {
  const drop = find(ctx.draft, 'drop');
  const refusing = drop?.reason === 'NETFILTER_DROP' ? refusal(ctx) : undefined;
  if (refusing) return tellHook(ctx, refusing);
  if (drop) return tellDrop(drop, ctx);
  const { main } = ctx.draft;
  if (find(ctx.draft, 'command')) return tellCommand(ctx);
  switch (main.kind) {
    case 'rx':
    case 'tx':
    case 'origin':
    case 'deliver':
    case 'copy':
    case 'fragment':
    case 'reassemble':
      return tellFrame(ctx);
    case 'fib':
      return tellLookup(ctx);
    case 'neigh':
      return tellResolve(ctx);
    case 'arp':
      return tellArp(ctx);
    case 'fdb':
      return tellBridge(ctx);
    case 'vtep':
      return tellVtep(ctx);
    case 'hook':
      return tellHook(ctx, main);
    case 'forward':
      return tellForward(ctx);
    case 'encap':
    case 'decap':
      return tellTunnel(ctx);
    case 'icmp-error':
      return tellError(ctx);
    case 'drop':
      return tellDrop(main, ctx);
    case 'change':
      return tellChange(ctx);
    case 'netlink':
      return tellConfig(ctx);
    case 'control':
      return tellControl(ctx);
    case 'command':
      return tellCommand(ctx);
    case 'output':
    case 'exit':
      return tellOutput(ctx);
    case 'bound':
      return tellBound(ctx);
  }
}
