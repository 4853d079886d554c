// Draws the pictures of docs/guide/command-line.md from real sessions: node --import tsx packages/cli/test/pictures/main.ts
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createBroker } from '@antiphon/broker'
import { bundleProgram } from '../bundled-program.js'
import { startTerminal } from '../terminal/terminal.js'
import { pictures, type Picture } from './sessions.js'
import { terminalSvg } from './terminal-svg.js'

const inRoot = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const folder = inRoot('docs/guide/command-line')
const program = bundleProgram()
const work = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
copyFileSync(inRoot('examples/07-contract-first/contract.json'), join(work, 'car.json'))
mkdirSync(folder, { recursive: true })
process.chdir(work)
try {
  for (const picture of pictures) await draw(picture)
} finally {
  program.remove()
  process.chdir('/')
  rmSync(work, { recursive: true })
}

async function draw({ name, commands }: Picture): Promise<void> {
  const broker = createBroker()
  await broker.listen({ protocol: 'tcp', port: 1883, host: '127.0.0.1' })
  const sessions = []
  for (const { line, until, isInterrupted, shows } of commands) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)]
      .map(([, quoted, bare]) => quoted ?? bare ?? '')
      .slice(1)
    const session = startTerminal([process.execPath, program.file, ...words], {
      columns: 110,
      env: { ANTIPHON_URL: 'mqtt://localhost:1883' },
    })
    await (until === undefined ? session.ended : session.shows(until))
    sessions.push({ line, session, isInterrupted, shows })
  }
  for (const { session, shows } of sessions) if (shows !== undefined) await session.shows(shows)
  for (const { session, isInterrupted } of sessions) if (isInterrupted === true) session.press('\u0003')
  const terminals = []
  for (const { line, session } of sessions) {
    const { output } = await session.ended
    terminals.push({ line, output: output.replaceAll('^C', '') })
  }
  writeFileSync(join(folder, `${name}.svg`), terminalSvg(terminals))
  console.log(`${name}.svg`)
  await broker.close()
}
