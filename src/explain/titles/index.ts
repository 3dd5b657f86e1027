import { tellBound, tellChange, tellCommand, tellConfig, tellControl, tellOutput } from './control';
import { find, type Told, type TitleContext } from './context';
import { tellArp, tellBridge, tellResolve, tellTunnel, tellVtep } from './links';
import { tellDrop, tellError, tellForward, tellFrame, tellHook, tellLookup } from './packets';

/** The sentence of a step, its small line, and its colour. */
export function tell(ctx: TitleContext): Told {
  const drop = find(ctx.draft, 'drop');
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
      return tellHook(ctx);
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
