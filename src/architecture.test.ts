// Who may import whom, executed; and the debts that may only shrink. The map in words is in README.md beside this file.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import doors from './doors.json';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

// ---- The table -------------------------------------------------------------------------------------------------

/** A path ending in "/" is a folder with all below it; any other path is that one module. */
interface Zone {
  may: string[];
  /** Only by `import type` or `export type`. */
  types?: string[];
  node?: boolean;
}

const SIM_TYPES = ['src/sim/index', 'src/sim/kernel/trace', 'src/sim/kernel/netlink'];
const PUBLIC_SIM = ['src/base/', 'src/sim/index', 'src/sim/wire/'];
const KERNEL_DOOR = ['src/sim/kernel/netlink'];

/** The longest match decides. Every zone may import itself. Third parties: doors.json. */
const ZONES: Record<string, Zone> = {
  'src/base/': { may: [] },
  'src/sim/index': { may: ['src/base/', 'src/sim/'] },
  'src/sim/wire/': { may: ['src/base/'] },
  'src/sim/engine/': { may: ['src/base/'] },
  'src/sim/kernel/': { may: ['src/base/', 'src/sim/wire/', 'src/sim/engine/'] },
  'src/sim/shell/': { may: ['src/base/', 'src/sim/wire/', ...KERNEL_DOOR] },
  'src/sim/daemons/': {
    may: ['src/base/', 'src/sim/wire/', 'src/sim/engine/', ...KERNEL_DOOR, 'src/sim/kernel/socket/index'],
  },
  'src/sim/world/': { may: ['src/base/', 'src/sim/'] },
  'src/sim/testing/': { may: ['src/base/', 'src/sim/'] },
  'src/scenarios/': { may: PUBLIC_SIM },
  'src/explain/': { may: ['src/base/', 'src/sim/wire/'], types: SIM_TYPES },
  'src/worker/': { may: [...PUBLIC_SIM, 'src/scenarios/'] },
  'src/state/': {
    may: ['src/base/', 'src/sim/wire/', 'src/scenarios/', 'src/explain/', 'src/worker/client'],
    types: [...SIM_TYPES, 'src/worker/messages'],
  },
  'src/ui/': { may: ['src/base/', 'src/state/', 'src/explain/', 'src/sim/wire/'], types: SIM_TYPES },
  'src/main': { may: ['src/base/', 'src/worker/client', 'src/state/', 'src/ui/'] },
  'src/cli/': { may: [...PUBLIC_SIM, 'src/scenarios/', 'src/explain/'], node: true },
  'lab/': { may: [...PUBLIC_SIM, 'src/scenarios/', 'src/explain/'], node: true },
  'src/architecture.test': { may: ['src/doors'] },
};

/** Tests, and helpers in a folder called testing, which only tests may import. */
const TESTS_ALSO_MAY = ['src/base/', 'src/sim/', 'src/scenarios/'];
const TESTS_THIRD_PARTIES = ['vitest', 'fast-check'];

/** "importer -> imported" pairs that break the table. May only shrink. */
const EXEMPT: string[] = [];

/** What the source holds today. A rise is refused; after a fall, write the smaller number here. */
const DEBT = { any: 0, lintSuppressions: 0, typeSuppressions: 0 };

// ---- Reading imports -------------------------------------------------------------------------------------------

interface Import {
  specifier: string;
  typeOnly: boolean;
}

const isModule = (path: string) => /\.tsx?$/.test(path);

const parse = (path: string, text: string) =>
  ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    false,
    path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );

function visitAll(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => visitAll(child, visit));
}

/** `import('…')`, `import.meta.glob('…')`, `new URL('….ts', import.meta.url)` and vitest's `vi.mock('…')`. */
function calledSpecifiers(node: ts.CallExpression | ts.NewExpression, source: ts.SourceFile): string[] {
  const [first] = node.arguments ?? [];
  if (first === undefined) return [];
  const callee = node.expression;
  const isImport = callee.kind === ts.SyntaxKind.ImportKeyword;
  const isOther = /^(import\.meta\.glob|URL|vi\.(mock|doMock|importActual))$/.test(callee.getText(source));
  if (!isImport && !isOther) return [];
  const parts = ts.isArrayLiteralExpression(first) ? first.elements : [first];
  return parts.flatMap((part) => {
    if (ts.isStringLiteralLike(part))
      return ts.isNewExpression(node) && !isModule(part.text) ? [] : [part.text];
    return isImport ? ['(computed)'] : [];
  });
}

function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  visitAll(source, (node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      found.push({ specifier: node.moduleSpecifier.text, typeOnly });
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      found.push({ specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument;
      if (ts.isStringLiteral(literal)) found.push({ specifier: literal.text, typeOnly: true });
    } else if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      for (const specifier of calledSpecifiers(node, source)) found.push({ specifier, typeOnly: false });
    }
  });
  return found;
}

// ---- Judging them ----------------------------------------------------------------------------------------------

/** One name per module: no extension, and a folder stands for its index. */
const moduleName = (path: string) => path.replace(/\.(tsx?|json|css)$/, '').replace(/\/index$/, '');
const isTest = (path: string) => /\.test\.tsx?$/.test(path) || path.includes('/testing/');
const covers = (place: string, path: string) =>
  place.endsWith('/') ? `${path}/`.startsWith(place) : path === moduleName(place);

function zoneOf(path: string): string | undefined {
  const module = moduleName(path);
  return Object.keys(ZONES)
    .filter((place) => covers(place, module))
    .sort((a, b) => b.length - a.length)[0];
}

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function mayUseThirdParty(path: string, zone: Zone, specifier: string): boolean {
  if (path === 'src/architecture.test.ts') return true;
  const name = packageOf(specifier.replace(/^node:/, ''));
  if (builtinModules.includes(name)) return zone.node === true || isTest(path);
  if (isTest(path) && TESTS_THIRD_PARTIES.includes(name)) return true;
  const folders = (doors as Record<string, string[]>)[name] ?? [];
  return folders.some((folder) => path.startsWith(folder));
}

function mayImport(path: string, place: string, target: string, typeOnly: boolean): boolean {
  const zone = ZONES[place];
  if (zone === undefined) return false;
  if (target.includes('/testing/') && !isTest(path)) return false;
  if (zoneOf(target) === place) return true;
  const allowed = [
    ...zone.may,
    ...(typeOnly ? (zone.types ?? []) : []),
    ...(isTest(path) ? TESTS_ALSO_MAY : []),
  ];
  return allowed.some((may) => covers(may, target));
}

/** Every breach in one file, as "importer -> imported". */
function breachesIn(path: string, imports: Import[]): string[] {
  const place = zoneOf(path);
  const zone = place === undefined ? undefined : ZONES[place];
  if (place === undefined || zone === undefined) return [`${path} lies in no folder of the table`];
  return imports.flatMap(({ specifier, typeOnly }) => {
    const clean = specifier.replace(/\?.*$/, '');
    if (!clean.startsWith('.')) {
      return mayUseThirdParty(path, zone, clean) ? [] : [`${path} -> ${clean}`];
    }
    const target = moduleName(posix.join(posix.dirname(path), clean));
    return mayImport(path, place, target, typeOnly)
      ? []
      : [`${path} -> ${target}${typeOnly ? ' (type)' : ''}`];
  });
}

function debtIn(path: string, text: string, source: ts.SourceFile): typeof DEBT {
  let any = 0;
  visitAll(source, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) any++;
  });
  const count = (pattern: RegExp) =>
    path === 'src/architecture.test.ts' ? 0 : [...text.matchAll(pattern)].length;
  return {
    any,
    lintSuppressions: count(/eslint-disable/g),
    typeSuppressions: count(/@ts-(ignore|expect-error|nocheck)/g),
  };
}

// ---- The project as it stands ----------------------------------------------------------------------------------

function sourceFiles(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter(isModule)
    .sort((a, b) => (a < b ? -1 : 1));
}

const modules = [...sourceFiles('src'), ...sourceFiles('lab')].map((path) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const source = parse(path, text);
  return { path, imports: importsOf(source), debt: debtIn(path, text, source) };
});

const breaches = (path: string, text: string) => breachesIn(path, importsOf(parse(path, text)));

describe('the import table', () => {
  it('reads the source', () => {
    expect(modules.length).toBeGreaterThan(0);
    expect(modules.flatMap((module) => module.imports).length).toBeGreaterThan(0);
  });

  it('holds, apart from the listed exemptions', () => {
    expect(modules.flatMap(({ path, imports }) => breachesIn(path, imports))).toEqual(EXEMPT);
  });

  it('gives every runtime dependency a door', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    const installed = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.keys(manifest.dependencies).filter((name) => !(name in doors))).toEqual([]);
    expect(Object.keys(doors).filter((name) => !(name in installed))).toEqual([]);
  });

  it.each([
    ['src/base/heap.ts', `import { run } from '../sim';`],
    ['src/sim/wire/arp.ts', `import { now } from '../engine/clock';`],
    ['src/sim/kernel/ip/fib.ts', `import { IPv4 } from 'ip-num';`],
    ['src/sim/kernel/ip/fib.ts', `import type { Daemon } from '../../daemons/bird';`],
    ['src/sim/shell/ip.ts', `import { lookup } from '../kernel/ip/fib';`],
    ['src/sim/daemons/etcd.ts', `export * from '../kernel/socket/tcp';`],
    ['src/sim/world/world.ts', `import { readFileSync } from 'node:fs';`],
    ['src/sim/world/world.ts', `import { topology } from '../testing/topology';`],
    ['src/explain/steps.ts', `import { run } from '../sim';`],
    ['src/explain/steps.ts', `import { type TraceEvent } from '../sim/kernel/trace';`],
    ['src/ui/tables/Routes.tsx', `import type { Fib } from '../../sim/kernel/ip/fib';`],
    ['src/ui/tables/Routes.tsx', `const lazy = () => import('../../worker/client');`],
    ['src/ui/tables/Routes.tsx', `import { ReactFlow } from '@xyflow/react';`],
    ['src/ui/tables/Routes.tsx', `type T = import('../../sim/world').World;`],
    ['src/state/run.ts', `import { decode } from '../worker/messages';`],
    ['src/state/run.ts', `new Worker(new URL('../worker/host.ts', import.meta.url), { type: 'module' });`],
    ['src/worker/host.ts', `const name = 'x'; void import(name);`],
    ['src/scenarios/format.ts', `import { create } from 'zustand/vanilla';`],
    ['lab/main.ts', `import { start } from '../src/state/run';`],
    ['src/elsewhere/thing.ts', ``],
  ])('catches a planted breach in %s: %s', (path, text) => {
    expect(breaches(path, text)).toHaveLength(1);
  });

  it.each([
    ['src/sim/wire/ip4.ts', `import { IPv4 } from 'ip-num'; import { assert } from '../../base/assert';`],
    ['src/sim/shell/ip.ts', `import type { Request } from '../kernel/netlink';`],
    ['src/sim/daemons/bird/session.ts', `import { connect } from '../../kernel/socket';`],
    ['src/sim/world/world.ts', `import { createKernel } from '../kernel';`],
    ['src/sim/kernel/ip/fib.test.ts', `import fc from 'fast-check'; import { run } from '../..';`],
    ['src/explain/steps.ts', `import type { TraceEvent } from '../sim/kernel/trace';`],
    [
      'src/worker/host.ts',
      `import { run } from '../sim'; import { catalogue } from '../scenarios/catalogue';`,
    ],
    ['src/worker/client.ts', `new Worker(new URL('./host.ts', import.meta.url), { type: 'module' });`],
    ['src/ui/canvas/Stage.tsx', `import '@xyflow/react/dist/style.css'; import './stage.css';`],
    ['src/cli/main.ts', `import { writeFileSync } from 'node:fs'; import { run } from '../sim/index';`],
    ['lab/main.ts', `import { readFile } from 'fs/promises'; import { emit } from '../src/sim/wire/ipv4';`],
  ])('lets pass what is allowed in %s: %s', (path, text) => {
    expect(breaches(path, text)).toEqual([]);
  });
});

describe('debts', () => {
  it('are exactly as recorded', () => {
    const found = { any: 0, lintSuppressions: 0, typeSuppressions: 0 };
    for (const { debt } of modules) {
      found.any += debt.any;
      found.lintSuppressions += debt.lintSuppressions;
      found.typeSuppressions += debt.typeSuppressions;
    }
    expect(found).toEqual(DEBT);
  });

  it('are seen when planted', () => {
    const text = `// eslint-disable-next-line\n// @ts-expect-error why\nconst a: any = b as any;`;
    expect(debtIn('src/x.ts', text, parse('src/x.ts', text))).toEqual({
      any: 2,
      lintSuppressions: 1,
      typeSuppressions: 1,
    });
  });
});

describe('the compiler', () => {
  it('is TypeScript 7', () => {
    const tsc = join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
    expect(execFileSync(process.execPath, [tsc, '--version'], { encoding: 'utf8' })).toMatch(/^Version 7\./);
  });
});
