/** `ip link show`. */
import type { Json } from '../json';
import {
  briefLinkJson,
  briefLinkText,
  linkJson,
  linkText,
  statsJson,
  statsText,
  type LinkView,
} from './link-text';
import { printJson, type Ip } from './options';
import { dumpLinks, readSelector, wantsLink } from './selector';

export function listLinks(ip: Ip): number {
  const { netlink, options, ctx } = ip;
  const selector = readSelector(ip, 'link');
  const view: LinkView = { options, mode: true, address: true };
  const links = dumpLinks(ip, selector);
  if (options.json) {
    const rows = links.map((link): Json => {
      if (!wantsLink(link, selector)) return {};
      if (options.brief) return briefLinkJson(link, netlink);
      const stats = options.stats > 0 ? { stats64: statsJson(netlink.getStats(link.ifname), options) } : {};
      return { ...linkJson(link, netlink, view), ...stats };
    });
    printJson(ip, rows);
    return 0;
  }
  let text = '';
  for (const link of links.filter((row) => wantsLink(row, selector))) {
    if (options.brief) text += briefLinkText(link, netlink);
    else {
      text += linkText(link, netlink, view);
      if (options.stats > 0) {
        const stats = statsText(netlink.getStats(link.ifname), options);
        text = (options.oneline ? text.slice(0, -1) + '\\' : text) + stats + '\n';
      }
    }
  }
  ctx.print(text);
  return 0;
}
