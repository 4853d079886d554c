import { mkdir, readFile, rm } from 'node:fs/promises'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { inRoot, publicPackages } from '../workspace.js'
import { filesIn, tarballOf, tarballs } from './tarballs.js'

const packages = publicPackages()
const allowed =
  /^package\/((dist|src)\/.+\.(js|ts)(\.map)?|page\/dist\/.+\.(html|css|js)|data\/.+\.json|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/
const problems: string[] = []

await rm(tarballs, { recursive: true, force: true })
await mkdir(tarballs, { recursive: true })
await runAndReport(process.execPath, [
  inRoot('packages', 'workshop', 'bin', 'pnpm.mjs'),
  '--recursive',
  ...packages.map(({ name }) => `--filter=${name}`),
  ...['pack', '--pack-destination', tarballs],
])
for (const item of packages) {
  const tarball = tarballOf(item)
  const unexpected = filesIn(await readFile(tarball)).filter((file) => !allowed.test(file))
  if (unexpected.length > 0) problems.push(`${item.name} must not contain ${unexpected.join(', ')}`)
  await runAndReport(inRoot('node_modules', '.bin', 'publint'), [
    'run',
    tarball,
    '--strict',
    '--level',
    'suggestion',
  ])
  await runAndReport(inRoot('node_modules', '.bin', 'attw'), [
    tarball,
    ...['--profile', 'esm-only', '--format', 'ascii', '--no-definitely-typed', '--no-emoji', '--no-color'],
  ])
}
for (const problem of problems) console.log(problem)
console.log(`${noteMark}${packages.length} tarballs`)
process.exitCode = problems.length > 0 ? 1 : 0

async function runAndReport(command: string, args: readonly string[]): ReturnType<typeof runCommand> {
  const result = await runCommand(command, args)
  if (result.code !== 0) problems.push(`${[command, ...args].join(' ')}\n${result.output}`)
  return result
}
