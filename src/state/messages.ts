/** Sentences of this folder, in both languages. */
import type { InputProblem } from './types';

export const problem = {
  unexpected: (reason: string): InputProblem => ({
    place: 'simulation',
    message: { en: `Something unexpected went wrong: ${reason}`, zh: `发生意外错误：${reason}` },
  }),
  storyEnds: (reason: string): InputProblem => ({
    place: 'story',
    message: {
      en: `The story could not be told to its end (${reason}). Tables, frames and terminals are complete.`,
      zh: `步骤未能全部生成（${reason}）。表、帧和终端内容是完整的。`,
    },
  }),
  nothingOpen: (): InputProblem => ({
    place: 'journal',
    message: { en: 'Open a scenario first.', zh: '请先打开一个场景。' },
  }),
  commandTooLong: (length: number, most: number): InputProblem => ({
    place: 'journal',
    message: {
      en: `The command is ${length} characters long; at most ${most} are allowed.`,
      zh: `命令长 ${length} 个字符，最多允许 ${most} 个。`,
    },
  }),
  journalFull: (most: number): InputProblem => ({
    place: 'journal',
    message: {
      en: `The journal holds ${most} commands, which is the most it can hold. Undo some or open the scenario again.`,
      zh: `日志已有 ${most} 条命令，达到上限。请撤销一些，或重新打开场景。`,
    },
  }),
  fileTooLarge: (size: number, most: number): InputProblem => ({
    place: 'file',
    message: {
      en: `The file has ${size} bytes; at most ${most} can be opened.`,
      zh: `文件有 ${size} 字节，最多能打开 ${most} 字节。`,
    },
  }),
};
