/** An example in the help of a command, and what it does. */
export interface Example {
  readonly about: string
  readonly line: string
}

/** The examples in the help of each command. A test runs them: those of `serve` respond to those of `request`. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  request: [
    { about: 'Send a request and print the response', line: 'antiphon request home/temperature Vienna' },
    {
      about: 'Send JSON to a topic with a parameter, and wait 10 seconds',
      line: `antiphon request 'vehicles/{vin}/unlock' '{"door":"front"}' --param vin=car7 --timeout 10s`,
    },
    {
      about: 'Print a stream of responses as JSON, one a line',
      line: 'antiphon request home/history today --stream --json',
    },
  ],
  serve: [
    { about: 'Respond with a text', line: 'antiphon serve home/temperature --respond 22.5' },
    {
      about: 'Respond with what the request contains',
      line: `antiphon serve 'vehicles/{vin}/unlock' --template '{"unlocked":"{{value.door}}","car":"{{param vin}}"}'`,
    },
    {
      about: 'Respond with a stream',
      line: 'antiphon serve home/history --stream --respond 20.1 --respond 22.5',
    },
  ],
}

/** Returns the examples of a command as the end of its help. */
export function exampleText(command: string): string {
  const lines = (examples[command] ?? []).map(({ about, line }) => `  ${about}:\n    ${line}`)
  return lines.length === 0 ? '' : `\nExamples:\n${lines.join('\n')}`
}
