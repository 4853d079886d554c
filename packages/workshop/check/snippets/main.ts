import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { fromRoot, inCache, inRoot, packagesOf, publicPackages } from '../workspace.js'
import { type Chain, chainsOf, moduleOf, outputOf, snippetsIn } from './extract.js'
import { wideLinesIn } from './wide-lines.js'

// Only for programs that hang: on a busy machine a start takes seconds.
const timeout = 300_000
const folder = inCache('snippets')
const problems: string[] = []
let count = 0
let ran = 0

await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig()))
// Snippets resolve imports like the examples: in a project with all packages installed.
await symlink(inRoot('examples', 'node_modules'), join(folder, 'node_modules'))

const programs: { readonly page: string; readonly chain: Chain; readonly file: string }[] = []
for (const page of await pages()) {
  const text = await readFile(page, 'utf8')
  if (isOnSite(fromRoot(page))) {
    for (const { line, columns, maximum } of wideLinesIn(fromRoot(page).replaceAll('\\', '/'), text))
      problems.push(
        `${fromRoot(page)}:${line} has ${columns} columns of code: at most ${maximum} fit on a page`,
      )
  }
  try {
    const snippets = snippetsIn(text)
    count += snippets.length
    const prefix = join(folder, fromRoot(page).replaceAll(/[\\/]/g, '~'))
    for (const chain of chainsOf(snippets)) {
      const [{ line, file: name }] = chain
      const file = name === undefined ? `${prefix}~${line}.ts` : join(prefix, name.replace(/\.mjs$/, '.mts'))
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, moduleOf(chain))
      programs.push({ page: fromRoot(page), chain, file })
    }
  } catch (error) {
    problems.push(`${fromRoot(page)} ${(error as Error).message}`)
  }
}

if (programs.length > 0) {
  const { code, output } = await runCommand(inRoot('node_modules', '.bin', 'tsc'), ['-b', folder])
  if (code !== 0) problems.push(inPages(output))
}
for (const { page, chain, file } of programs.filter(({ chain }) => chain.some(({ isRun }) => isRun))) {
  ran += 1
  const { code, output, stdout } = await runCommand(process.execPath, ['--import', 'tsx', file], {
    cwd: folder,
    timeout,
  })
  const expected = outputOf(chain)
  const where = `${page}:${chain[0].line}`
  if (code !== 0) problems.push(`${where} exits with ${code}\n${inPages(output)}`)
  else if (expected !== undefined && stdout.trimEnd() !== expected.trimEnd()) {
    problems.push(`${where} must print\n${expected}\nbut printed\n${stdout}`)
  }
}
for (const problem of problems) console.log(problem)
console.log(`${noteMark}${count} snippets, ${ran} run`)
process.exitCode = problems.length > 0 ? 1 : 0

async function pages(): Promise<readonly string[]> {
  const entries = await readdir(inRoot('docs'), { recursive: true, withFileTypes: true })
  const generated = /^docs[\\/](reference|api|decisions|node_modules)[\\/]/
  const docs = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((page) => !generated.test(fromRoot(page)))
  const readmes = [inRoot('README.md'), ...packagesOf().map((item) => join(item.folder, 'README.md'))]
  return [...readmes.filter((page) => existsSync(page)), ...docs.sort()]
}

/** Whether a reader meets the page on the site or first of all, and not on npm. */
function isOnSite(page: string): boolean {
  return page === 'README.md' || /^docs[\\/](?!acceptance|bench|simulation)/.test(page)
}

function tsconfig(): unknown {
  return {
    extends: relative(folder, inRoot('tsconfig.base.json')),
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      moduleDetection: 'force',
      // For pages on NestJS.
      experimentalDecorators: true,
      types: ['node'],
      typeRoots: [inRoot('node_modules', '@types')],
    },
    include: ['*.ts', '*/*.mts'],
    exclude: ['node_modules'],
    references: publicPackages().map((item) => ({ path: relative(folder, item.folder) })),
  }
}

// Replaces file names by the names of their pages; the line numbers are the same.
function inPages(output: string): string {
  return output
    .replaceAll(/[^\s('"]*\.cache[\\/]snippets[\\/]/g, '')
    .replaceAll(/([^\s()'"]+\.md)(~\d+\.ts|[\\/][\w-]+\.mts)/g, (_, name: string) =>
      name.replaceAll('~', '/'),
    )
}
