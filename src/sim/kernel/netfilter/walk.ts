/**
 * One table at one hook (ipt_do_table): rule after rule, jumps and returns, until a verdict. Every rule tried is told, a
 * long run of rules that did not match in one entry.
 */
import type { RuleTried } from '../trace';
import type { Chain, Rule } from './chain';
import { refusal, refusalText, type Question, type Refusal } from './match';
import type { BuiltinChain } from './rules';
import type { Table } from './ruleset';

export type Verdict = 'ACCEPT' | 'DROP';
export type TargetResult = Verdict | 'CONTINUE';
export interface WalkHost {
  /** A target that is not a verdict, a jump or nothing. */
  target(rule: Rule, question: Question): TargetResult;
  /** The packet is traced and a rule (number in its chain) or, one past the last, a chain's end decided. */
  trace(
    question: Question,
    table: string,
    chain: string,
    what: 'rule' | 'return' | 'policy',
    rule: number,
  ): void;
}

/** Rules that did not match and are listed one by one, in one walk; runs of further ones; and those that did match. */
const LISTED = 48;
const LISTED_RUNS = 256;
const LISTED_MATCHES = 4096;

class Report {
  #unmatched = 0;
  #matched = 0;
  #runs = 0;
  /** The run of unlisted rules being counted. */
  #run: Chain | undefined;
  #runAt = 0;
  #runLength = 0;

  constructor(
    private readonly tried: RuleTried[],
    private readonly table: string,
  ) {}

  refused(chain: Chain, at: number, rule: Rule, why: Exclude<Refusal, undefined>): void {
    if (this.#unmatched >= LISTED) {
      if (this.#run !== chain) {
        this.flush();
        this.#run = chain;
        this.#runAt = at + 1;
      }
      this.#runLength++;
      return;
    }
    this.#unmatched++;
    let told = rule.told?.get(why);
    if (told?.rule !== at + 1 || told.chain !== chain.name) {
      told = {
        table: this.table,
        chain: chain.name,
        rule: at + 1,
        text: rule.text,
        matched: false,
        failed: refusalText(rule.spec, why),
      };
      (rule.told ??= new Map()).set(why, told);
    }
    this.tried.push(told);
  }
  /** Ends a run of rules that are not listed. */
  flush(): void {
    const chain = this.#run;
    if (!chain) return;
    this.#run = undefined;
    const skipped = this.#runLength;
    this.#runLength = 0;
    if (this.#runs++ >= LISTED_RUNS) return;
    this.tried.push({
      table: this.table,
      chain: chain.name,
      rule: this.#runAt,
      text: '',
      matched: false,
      skipped,
    });
  }
  matched(chain: Chain, number: number, rule: Rule, verdict: string | undefined): void {
    this.flush();
    if (this.#matched++ >= LISTED_MATCHES) return;
    const by = `=${verdict ?? ''}`;
    let told = rule.told?.get(by);
    if (told?.rule !== number || told.chain !== chain.name || told.key !== rule.shown?.key) {
      told = {
        table: this.table,
        chain: chain.name,
        rule: number,
        text: rule.text,
        matched: true,
        verdict,
        key: rule.shown?.key,
      };
      (rule.told ??= new Map()).set(by, told);
    }
    this.tried.push(told);
  }
  policy(chain: Chain): void {
    this.flush();
    if (chain.told?.verdict !== chain.policy || chain.told.key !== chain.shown?.key)
      chain.told = {
        table: this.table,
        chain: chain.name,
        rule: 0,
        text: `-P ${chain.name} ${chain.policy}`,
        matched: true,
        verdict: chain.policy,
        key: chain.shown?.key,
      };
    this.tried.push(chain.told);
  }
}

interface Place {
  readonly chain: Chain;
  readonly at: number;
}

export function walk(
  table: Table,
  hook: BuiltinChain,
  question: Question,
  host: WalkHost,
  tried: RuleTried[],
): Verdict {
  const start = table.chain(hook);
  if (!start) return 'ACCEPT';
  const report = new Report(tried, table.name);
  const size = question.header.totalLength;
  let returns: Place[] | undefined;
  let chain = start;
  let at = 0;
  for (;;) {
    const rule = chain.rules[at];
    if (rule === undefined) {
      // The end of a user chain returns; that of a built-in one asks its policy.
      const back = chain.builtin ? undefined : returns?.pop();
      if (!chain.builtin && question.packet.nf?.traced === true)
        host.trace(question, table.name, chain.name, 'return', chain.rules.length + 1);
      if (!back) return endOf(table, start, size, report, question, host);
      ({ chain, at } = back);
      continue;
    }
    const why = refusal(rule, question);
    if (why !== undefined) {
      report.refused(chain, at++, rule, why);
      continue;
    }
    rule.packets++;
    rule.bytes += size;
    if (question.packet.nf?.traced === true)
      host.trace(question, table.name, chain.name, traceWord(chain, rule), at + 1);
    const number = ++at;
    const { target } = rule.spec;
    if (target.kind === 'none') report.matched(chain, number, rule, undefined);
    else if (rule.to) {
      report.matched(chain, number, rule, `${target.kind === 'goto' ? 'goto' : 'jump'} ${rule.to.name}`);
      if (target.kind === 'jump') (returns ??= []).push({ chain, at });
      chain = rule.to;
      at = 0;
    } else if (target.kind === 'verdict') {
      report.matched(chain, number, rule, target.verdict);
      if (target.verdict !== 'RETURN') return target.verdict;
      const back = chain.builtin ? undefined : returns?.pop();
      if (!back) return endOf(table, start, size, report, question, host);
      ({ chain, at } = back);
    } else {
      const result = host.target(rule, question);
      report.matched(chain, number, rule, result === 'CONTINUE' ? target.kind : `${target.kind} ${result}`);
      if (result !== 'CONTINUE') return result;
    }
  }
}

/** The policy decides, and counts what it decided. */
function endOf(
  table: Table,
  start: Chain,
  size: number,
  report: Report,
  question: Question,
  host: WalkHost,
): Verdict {
  if (question.packet.nf?.traced === true)
    host.trace(question, table.name, start.name, 'policy', start.rules.length + 1);
  start.packets++;
  start.bytes += size;
  report.policy(start);
  return start.policy;
}

/** get_chainname_rulenum: a verdict without conditions looks like a chain's end to the kernel's tracer. */
function traceWord(chain: Chain, rule: Rule): 'rule' | 'return' | 'policy' {
  const { spec } = rule;
  const plain = !spec.src && !spec.dst && !spec.iif && !spec.oif && spec.protocol === 0 && !spec.fragment;
  if (spec.target.kind !== 'verdict' || !plain || spec.matches.length > 0) return 'rule';
  return chain.builtin ? 'policy' : 'return';
}
