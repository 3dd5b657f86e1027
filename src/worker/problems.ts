/** What can go wrong with a run, in both languages. */
import type { TraceEvent } from '../sim/index';
import type { InputProblem } from './messages';

const BOUNDS = {
  events: { en: 'events', zh: '个事件' },
  frames: { en: 'frames', zh: '个帧' },
  queue: { en: 'things waiting to happen', zh: '个待处理事项' },
  time: { en: 'ns of virtual time', zh: '纳秒虚拟时间' },
} as const;

export const problem = {
  gaveUp: (place: string, reason: string): InputProblem => ({
    place,
    message: {
      en: `The simulation gave up here: ${reason}`,
      zh: `仿真在此处中止：${reason}`,
    },
  }),
  crashed: (reason: string): InputProblem => ({
    place: 'simulation',
    message: {
      en: `The simulation stopped unexpectedly (${reason}). What was computed before is still here.`,
      zh: `仿真意外停止（${reason}）。此前算出的内容仍然保留。`,
    },
  }),
  /** `last` is the trace's last event, which says which bound it was. */
  bound(last: TraceEvent | undefined): InputProblem {
    const limit = last?.kind === 'bound' ? last.limit : 0;
    const { en, zh } = BOUNDS[last?.kind === 'bound' ? last.what : 'events'];
    return {
      place: 'simulation',
      message: {
        en: `The run was stopped at its bound of ${limit} ${en}; what would have come later is missing.`,
        zh: `运行达到上限（${limit} ${zh}）而停止，其后的内容缺失。`,
      },
    };
  },
  setupFailed: (place: string, command: string, output: string, exit: number): InputProblem => ({
    place,
    message: {
      en:
        exit < 0
          ? `This command of the set-up had not ended when the network was up: ${command}`
          : `This command of the set-up failed (exit ${exit}): ${command}\n${output}`,
      zh:
        exit < 0
          ? `网络就绪时，这条准备命令仍未结束：${command}`
          : `这条准备命令失败（退出码 ${exit}）：${command}\n${output}`,
    },
  }),
  unknownScenario: (id: string): InputProblem => ({
    place: 'scenario',
    message: {
      en: `There is no scenario “${id}” in the catalogue.`,
      zh: `目录中没有场景“${id}”。`,
    },
  }),
};
