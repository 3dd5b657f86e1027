/** Builds a world once to see whether its set-up commands are accepted, and says which are not. */
import { World, type Scenario, type SetupFailure } from '../sim/index';
import { problem, type InputProblem } from './types';

function sentence({ place, command, output, exit }: SetupFailure): InputProblem {
  if (exit < 0) {
    return problem(
      place,
      `\`${command}\` did not end before the network was up`,
      `\`${command}\` 在网络就绪前没有结束`,
    );
  }
  const printed = output.split('\n').slice(0, 3).join(' / ');
  const [en, zh] = output === '' ? [`exit status ${exit}`, `退出状态 ${exit}`] : [printed, printed];
  return problem(place, `\`${command}\` failed: ${en}`, `\`${command}\` 执行失败：${zh}`);
}

export function setupProblems(scenario: Scenario): InputProblem[] {
  const hasCommands =
    scenario.setup.length > 0 ||
    scenario.machines.some(({ routes, sysctls }) => routes.length + sysctls.length > 0);
  if (!hasCommands) return [];
  return World.open(scenario).setupFailures.map(sentence);
}
