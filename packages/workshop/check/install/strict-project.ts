import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../run-command.js'
import { inRoot } from '../workspace.js'

/** What a strict project imports and installs. */
export interface StrictProject {
  /** The import specifiers of its program. */
  readonly specifiers: readonly string[]
  readonly dependencies: Readonly<Record<string, string>>
  /** The packages of this repository, as tarballs. */
  readonly tarballs: Readonly<Record<string, string>>
}

/**
 * Compiles a program that imports packages, with every strict option and without `skipLibCheck`, as a user would who has
 * only the given dependencies. Throws with the compiler's messages.
 */
export async function compileStrictProject({
  specifiers,
  dependencies,
  tarballs,
}: StrictProject): Promise<void> {
  // Outside the repository, so that the compiler does not find its node_modules.
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-strict-'))
  const write = (name: string, content: unknown): Promise<void> =>
    writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  try {
    await write('package.json', { private: true, type: 'module', dependencies, overrides: tarballs })
    await write('tsconfig.json', { compilerOptions, files: ['program.ts'] })
    await write('program.ts', program(specifiers))
    await runOrThrow('npm', [
      'install',
      ...['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--omit=optional'],
    ])
    await runOrThrow(process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-p', folder])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }

  async function runOrThrow(command: string, args: readonly string[]): Promise<void> {
    const { code, output } = await runCommand(command, args, { cwd: folder })
    if (code !== 0) throw new Error(`cannot run ${[command, ...args].join(' ')}:\n${output}`)
  }
}

const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM'],
  module: 'NodeNext',
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
}

function program(specifiers: readonly string[]): string {
  const imports = specifiers.map((specifier, index) => `import * as entry${index} from '${specifier}'`)
  const uses = specifiers.map((_, index) => `console.log(entry${index})`)
  return [...imports, ...uses, ''].join('\n')
}
