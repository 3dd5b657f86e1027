/**
 * One table at one hook (ipt_do_table): rule after rule, jumps and returns, until a verdict. Every rule tried is told, a
 * long run of rules that did not match in one entry.
 */
import type { RuleTried } from '../trace';
import { refusal, refusalText, type Question } from './match';
import type { BuiltinChain } from './rules';
import type { Chain, Rule, Table } from './ruleset';

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

/** Rules that did not match and are listed one by one, in one walk; and those that did. */
const LISTED = 48;
const LISTED_MATCHES = 512;

class Report {
  #unmatched = 0;
  #matched = 0;

  constructor(
    private readonly tried: RuleTried[],
    private readonly table: string,
  ) {}

  refused(chain: Chain, at: number, rule: Rule, why: Exclude<ReturnType<typeof refusal>, undefined>): void {
    if (this.#unmatched++ < LISTED) {
      const failed = refusalText(rule.spec, why);
      this.tried.push({
        table: this.table,
        chain: chain.name,
        rule: at + 1,
        text: rule.text,
        matched: false,
        failed,
      });
      return;
    }
    const last = this.tried.at(-1);
    const skipped = last?.skipped;
    const next: RuleTried = {
      table: this.table,
      chain: chain.name,
      rule: at + 1,
      text: '',
      matched: false,
      skipped: 1,
    };
    if (skipped !== undefined && last?.chain === chain.name && last.table === this.table) {
      this.tried[this.tried.length - 1] = { ...last, skipped: skipped + 1 };
    } else if (this.#unmatched < LISTED * 8) this.tried.push(next);
  }
  matched(chain: Chain, rule: number, text: string, verdict: string | undefined): void {
    if (this.#matched++ >= LISTED_MATCHES) return;
    this.tried.push({
      table: this.table,
      chain: chain.name,
      rule,
      text,
      matched: true,
      ...(verdict ? { verdict } : {}),
    });
  }
}

interface Place {
  readonly chain: Chain;
  at: number;
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
  const size = question.packet.header.totalLength;
  const traced = (): boolean => question.packet.nf?.traced === true;
  const end = (): Verdict => {
    if (traced()) host.trace(question, table.name, start.name, 'policy', start.rules.length + 1);
    return endOf(start, size, report);
  };
  const returns: Place[] = [];
  let place: Place = { chain: start, at: 0 };
  for (;;) {
    const { chain } = place;
    const rule = chain.rules[place.at];
    if (!rule) {
      // The end of a user chain returns; that of a built-in one asks its policy.
      const back = chain.builtin ? undefined : returns.pop();
      if (!chain.builtin && traced())
        host.trace(question, table.name, chain.name, 'return', chain.rules.length + 1);
      if (!back) return end();
      place = back;
      continue;
    }
    const why = refusal(rule, question);
    if (why !== undefined) {
      report.refused(chain, place.at, rule, why);
      place.at++;
      continue;
    }
    rule.packets++;
    rule.bytes += size;
    if (traced()) host.trace(question, table.name, chain.name, traceWord(chain, rule), place.at + 1);
    const number = ++place.at;
    const { target } = rule.spec;
    if (target.kind === 'none') report.matched(chain, number, rule.text, undefined);
    else if (rule.to) {
      report.matched(chain, number, rule.text, `${target.kind === 'goto' ? 'goto' : 'jump'} ${rule.to.name}`);
      if (target.kind === 'jump') returns.push(place);
      place = { chain: rule.to, at: 0 };
    } else if (target.kind === 'verdict') {
      report.matched(chain, number, rule.text, target.verdict);
      if (target.verdict !== 'RETURN') return target.verdict;
      const back = chain.builtin ? undefined : returns.pop();
      if (!back) return end();
      place = back;
    } else {
      const result = host.target(rule, question);
      report.matched(
        chain,
        number,
        rule.text,
        result === 'CONTINUE' ? target.kind : `${target.kind} ${result}`,
      );
      if (result !== 'CONTINUE') return result;
    }
  }
}

/** The policy decides, and counts what it decided. */
function endOf(start: Chain, size: number, report: Report): Verdict {
  start.packets++;
  start.bytes += size;
  report.matched(start, 0, `-P ${start.name} ${start.policy}`, start.policy);
  return start.policy;
}

/** get_chainname_rulenum: a verdict without conditions looks like a chain's end to the kernel's tracer. */
function traceWord(chain: Chain, rule: Rule): 'rule' | 'return' | 'policy' {
  const { spec } = rule;
  const plain = !spec.src && !spec.dst && !spec.iif && !spec.oif && spec.protocol === 0 && !spec.fragment;
  if (spec.target.kind !== 'verdict' || !plain || spec.matches.length > 0) return 'rule';
  return chain.builtin ? 'policy' : 'return';
}
