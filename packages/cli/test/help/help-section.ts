import { antiphon } from '../run-antiphon.js'

/** The heading of the last section of docs/guide/command-line.md, which is generated. */
export const helpHeading = '## Help of all commands'

/** Returns the section of the guide with the help of all commands, as a terminal of 100 columns shows it. */
export async function helpSection(): Promise<string> {
  const overview = await helpOf()
  const [, commands = ''] = overview.split('\nCommands:\n')
  const names = [...commands.matchAll(/^ {2}([a-z]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help')
  const parts = [`### antiphon\n\n${block(overview)}`]
  for (const name of names) parts.push(`### antiphon ${name}\n\n${block(await helpOf(name))}`)
  return `${helpHeading}\n\n${parts.join('\n\n')}\n`
}

async function helpOf(...command: readonly string[]): Promise<string> {
  const { code, stdout } = await antiphon([...command, '--help'], { columns: 100 })
  if (code !== 0) throw new Error(`antiphon ${command.join(' ')} --help exits with ${code}`)
  return stdout
}

function block(text: string): string {
  return `\`\`\`text\n${text.trim()}\n\`\`\``
}
