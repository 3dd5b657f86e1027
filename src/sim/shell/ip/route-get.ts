/** `ip route get` (iproute.c iproute_get). */
import { formatIp4, type Ip4 } from '../../wire/index';
import type { RouteAnswer } from '../../kernel/netlink';
import { Exit, netlinkErrorText } from '../program';
import type { Json } from '../json';
import {
  isPrefixOf,
  noDevice,
  notModelled,
  readPrefix,
  takeNumber,
  takePrefix,
  wrongArgument,
  type Family,
} from './args';
import { printJson, separator, type Ip } from './options';
import { routeJson, routeText } from './route-show';
import { ROUTE_USAGE } from './usage';

interface Question {
  dst?: Ip4;
  src?: Ip4;
  iif?: string;
  oif?: string;
  mark?: number;
  fibmatch?: boolean;
  /** A prefix length that the kernel does not look at. */
  length?: number;
}

function readQuestion(ip: Ip): Question {
  const { args, options } = ip;
  const question: Question = {};
  let family: Family = options.family;
  while (!args.done) {
    const word = args.take();
    if (word === 'tos' || isPrefixOf(word, 'dsfield')) args.take();
    else if (isPrefixOf(word, 'from')) question.src = takePrefix(args, family).addr;
    else if (isPrefixOf(word, 'iif')) question.iif = args.take();
    else if (isPrefixOf(word, 'mark'))
      question.mark = takeNumber(args, 0xffffffff, () => 'invalid mark value');
    else if (isPrefixOf(word, 'oif') || word === 'dev') question.oif = args.take();
    else if (isPrefixOf(word, 'notify')) continue;
    else if (isPrefixOf(word, 'connected')) notModelled('ip route get connected');
    else if (isPrefixOf(word, 'vrf')) wrongArgument(args.take(), 'Invalid VRF\n');
    else if (isPrefixOf(word, 'uid')) takeNumber(args, 0xffffffff, () => 'invalid UID\n');
    else if (isPrefixOf(word, 'fibmatch')) question.fibmatch = true;
    else if (['ipproto', 'sport', 'dport'].includes(word)) args.take();
    else {
      if (word !== 'to' && isPrefixOf(word, 'help')) throw new Exit(255, ROUTE_USAGE);
      const prefix = word === 'to' ? takePrefix(args, family) : readPrefix(word, family);
      question.dst = prefix.addr;
      question.length = prefix.len;
    }
    if (question.dst !== undefined || question.src !== undefined) family = 'inet';
  }
  return question;
}

export function getRoute(ip: Ip): number {
  const question = readQuestion(ip);
  const { dst, src, iif, oif, mark } = question;
  if (dst === undefined) throw new Exit(1, 'need at least a destination address\n');
  if (question.length !== undefined && question.length < 32) {
    // Printed after the answer on a terminal that buffers; the kernel is asked all the same.
    ip.ctx.printError(
      `Warning: /${question.length} as prefix is invalid, only /32 (or none) is supported.\n`,
    );
  }
  for (const name of [iif, oif]) if (name !== undefined && !ip.netlink.getLink(name)) return noDevice(name);
  const query = { dst, src, iif, oif, mark };
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
  const reply = ip.netlink.lookupRoute({ ...given, dst });
  if (!reply.ok) throw new Exit(2, netlinkErrorText(reply.error));
  const answer = reply.value;
  const matched = answer.decision.route;
  if (question.fibmatch && matched) {
    if (ip.options.json) printJson(ip, [routeJson(matched, {}, ip.options)]);
    else ip.ctx.print(routeText(matched, {}, ip.options));
  } else if (ip.options.json) printJson(ip, [answerJson(ip, question, answer)]);
  else ip.ctx.print(answerText(ip, question, answer));
  return 0;
}

function sourceGiven(question: Question): string | undefined {
  return question.src === undefined ? undefined : formatIp4(question.src);
}

function answerText(ip: Ip, question: Question, answer: RouteAnswer): string {
  const details = ip.options.details > 0;
  const parts: string[] = [];
  if (answer.type !== 'unicast' || details) parts.push(answer.type);
  parts.push(answer.dst);
  const from = sourceGiven(question) ?? answer.from;
  if (from !== undefined) parts.push(`from ${from}`);
  if (answer.gateway !== undefined) parts.push(`via ${answer.gateway}`);
  parts.push(`dev ${answer.dev}`);
  if (details) parts.push('table main');
  if (answer.prefsrc !== undefined && from === undefined) parts.push(`src ${answer.prefsrc}`);
  if (question.mark) parts.push(`mark ${markText(question.mark)}`);
  parts.push(...flagsOf(answer));
  if (question.iif === undefined) parts.push('uid 0');
  let text = `${parts.join(' ')} ${separator(ip.options)}    cache `;
  if (answer.cache.length > 0) text += `<${answer.cache.join(',')}> `;
  if (answer.expiresSec !== undefined) text += `expires ${answer.expiresSec}sec `;
  const mtu = mtuOf(answer);
  if (mtu !== undefined) text += `mtu ${mtu} `;
  if (question.iif !== undefined) text += `iif ${question.iif} `;
  return text + '\n';
}

/** RTCF_MULTICAST of a looked-up route has the number that iproute2 6.1 reads as RTM_F_OFFLOAD_FAILED. */
function flagsOf(answer: RouteAnswer): string[] {
  return answer.type === 'multicast' ? ['rt_offload_failed'] : [];
}

/** What is known of the path, else the route's own metric. */
function mtuOf(answer: RouteAnswer): number | undefined {
  return answer.mtu ?? answer.decision.route?.mtu;
}

/** Small marks are printed in decimal, others in hexadecimal. */
function markText(mark: number): string {
  return mark >= 16 ? `0x${mark.toString(16)}` : String(mark);
}

function answerJson(ip: Ip, question: Question, answer: RouteAnswer): Json {
  const details = ip.options.details > 0;
  const from = sourceGiven(question) ?? answer.from;
  const mtu = mtuOf(answer);
  return {
    type: answer.type !== 'unicast' || details ? answer.type : undefined,
    dst: answer.dst,
    from,
    gateway: answer.gateway,
    dev: answer.dev,
    table: details ? 'main' : undefined,
    prefsrc: from === undefined ? answer.prefsrc : undefined,
    flags: flagsOf(answer),
    mark: question.mark ? question.mark : undefined,
    uid: question.iif === undefined ? 0 : undefined,
    cache: answer.cache,
    expires: answer.expiresSec,
    metrics: mtu === undefined ? undefined : [{ mtu }],
    iif: question.iif,
  };
}
